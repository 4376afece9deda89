# SPDX-License-Identifier: MIT
# A thin front of Meson and Ninja. `make help` lists the targets.

BUILD ?= build
TYPE  ?= release
CC    ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
NINJA = ninja -C $(BUILD)

.PHONY: all demo check check-all stress mutations bench fuzz format deps clean help asan tsan install

all: $(BUILD)/build.ninja
	@$(NINJA)

help:
	@echo "make            build build/kiln and everything beside it"
	@echo "make demo       build drivers with kiln cc and mingw-w64, run them, show a crash report"
	@echo "make check      build and run the tests"
	@echo "make check-all  make check, and again with clang, ASan+UBSan and TSan"
	@echo "make stress     the synchronization primitives under thousands of seeds (STRESS_SEEDS=2000)"
	@echo "make mutations  plant faults in a copy, and see that the tests notice them"
	@echo "make bench      measure, against yardsticks of the same run"
	@echo "make fuzz       run the fuzzers (FUZZ_SECONDS=60)"
	@echo "make deps       install the Debian packages that Kiln needs"
	@echo "make format     format the C sources"
	@echo "variables: BUILD=build TYPE=release|debug CC=gcc|clang-19"

deps:
	@tools/deps.sh

$(BUILD)/build.ninja: meson.build meson_options.txt
	@tools/deps.sh
	@CC=$(CC) meson setup $(BUILD) --buildtype=$(TYPE) -Ddebug=true $(if $(wildcard $(BUILD)/build.ninja),--reconfigure) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }; rm -f $(BUILD).log

demo: all
	@tools/demo.sh $(BUILD)

check: all
	@tools/check.sh $(BUILD)

check-all: check
	@tools/check-all.sh

stress: all
	@KILN_TEST_DRIVERS=$(CURDIR)/$(BUILD)/tests/drivers $(BUILD)/tests/kiln-tests --sim-only --seeds $${STRESS_SEEDS:-2000} stress_ ke_stress ex_rundown ex_slist io_race

mutations: all
	@python3 tests/mutations/run.py . $(BUILD)

bench: all
	@bench/run.sh $(BUILD)

fuzz:
	@tools/fuzz.sh

format:
	@command -v clang-format >/dev/null || { echo "kiln: make format needs clang-format: apt-get install clang-format" >&2; exit 1; }
	@git ls-files '*.c' '*.h' | xargs clang-format -i

install: all
	@$(NINJA) install

clean:
	rm -rf $(BUILD)
