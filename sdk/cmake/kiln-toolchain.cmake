# SPDX-License-Identifier: MIT
#
# CMake toolchain file for Windows drivers, doing what `kiln cc` does:
#
#   cmake -B build -DCMAKE_TOOLCHAIN_FILE=.../sdk/cmake/kiln-toolchain.cmake
#
#   kiln_add_driver(hello hello.c)                              hello.sys
#   kiln_add_driver(library library.c EXPORT DEF library.def)   library.sys and library.lib
#   target_link_libraries(user PRIVATE library_import)          imports from it
#
# KILN_LIB_DIR is where ntoskrnl.lib is; by default lib/ beside this SDK's include/, else build/sdk/lib of the tree.
# KILN_DEBUG is dwarf (default) or pdb.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# CMake's own test programs are programs for a hosted system.
set(CMAKE_C_COMPILER_WORKS TRUE)
set(CMAKE_CXX_COMPILER_WORKS TRUE)

get_filename_component(KILN_SDK "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
if(NOT KILN_LIB_DIR)
  if(EXISTS "${KILN_SDK}/lib/ntoskrnl.lib")
    set(KILN_LIB_DIR "${KILN_SDK}/lib")
  else()
    set(KILN_LIB_DIR "${KILN_SDK}/../build/sdk/lib")
  endif()
endif()
set(KILN_LIB_DIR "${KILN_LIB_DIR}" CACHE PATH "Where ntoskrnl.lib and its siblings are")
set(KILN_DEBUG "dwarf" CACHE STRING "Debug information: dwarf or pdb")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KILN_LIB_DIR KILN_DEBUG)

set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
find_program(KILN_LLD_LINK lld-link-19 REQUIRED)
find_program(CMAKE_AR llvm-lib-19 REQUIRED)

if(KILN_DEBUG STREQUAL "pdb")
  set(_kiln_debug "-g -gcodeview")
  set(_kiln_link_debug "/debug")
else()
  set(_kiln_debug "-gdwarf-4")
  set(_kiln_link_debug "/debug:dwarf")
endif()
string(CONCAT _kiln_flags
  "--target=x86_64-pc-windows-msvc -fms-extensions -fms-compatibility -ffreestanding -nostdlibinc -fasync-exceptions -fasynchronous-unwind-tables "
  "-fno-strict-aliasing -fno-omit-frame-pointer -fno-optimize-sibling-calls -Wno-unknown-pragmas ${_kiln_debug} "
  "-D_KERNEL_MODE=1 -DWINNT=1 -D_AMD64_=1 -DAMD64=1 "
  "-isystem${KILN_SDK}/include/km -isystem${KILN_SDK}/include/shared -isystem${KILN_SDK}/include/crt")
if(EXISTS "${KILN_LIB_DIR}/../headers.yaml") # names of headers in any case
  set(_kiln_flags "-ivfsoverlay ${KILN_LIB_DIR}/../headers.yaml ${_kiln_flags}")
endif()
set(CMAKE_C_FLAGS_INIT "${_kiln_flags}")
set(CMAKE_CXX_FLAGS_INIT "${_kiln_flags} -fno-exceptions -fno-rtti -fno-threadsafe-statics")
set(CMAKE_C_FLAGS_RELEASE_INIT "-O2")
set(CMAKE_CXX_FLAGS_RELEASE_INIT "-O2")

foreach(_kiln_language C CXX)
  set(CMAKE_${_kiln_language}_LINK_EXECUTABLE
    "\"${KILN_LLD_LINK}\" /nologo /driver /subsystem:native /machine:x64 /nodefaultlib /release /Brepro /section:INIT,ERD ${_kiln_link_debug} /libpath:\"${KILN_LIB_DIR}\" <LINK_FLAGS> /out:<TARGET> <OBJECTS> <LINK_LIBRARIES>")
  set(CMAKE_${_kiln_language}_CREATE_STATIC_LIBRARY "\"${CMAKE_AR}\" /nologo /out:<TARGET> <OBJECTS>")
endforeach()

set(_kiln_libraries)
foreach(_kiln_library kilncrt ntoskrnl hal wmilib clfs)
  if(EXISTS "${KILN_LIB_DIR}/${_kiln_library}.lib")
    list(APPEND _kiln_libraries "${KILN_LIB_DIR}/${_kiln_library}.lib")
  endif()
endforeach()
set(KILN_LIBRARIES "${_kiln_libraries}")

# kiln_add_driver(NAME SOURCE... [EXPORT] [ENTRY symbol] [DEF file] [LIBS name...])
#
# LIBS are libraries of the SDK by name: aux_klib, procgrp.
function(kiln_add_driver name)
  cmake_parse_arguments(driver "EXPORT" "ENTRY;DEF" "LIBS" ${ARGN})
  if(NOT driver_ENTRY AND EXISTS "${KILN_LIB_DIR}/kilncrt.lib")
    set(driver_ENTRY GsDriverEntry) # of kilncrt.lib: makes the stack cookie, then calls DriverEntry
  elseif(NOT driver_ENTRY)
    set(driver_ENTRY DriverEntry)
  endif()
  add_executable(${name} ${driver_UNPARSED_ARGUMENTS})
  foreach(library ${driver_LIBS})
    target_link_libraries(${name} PRIVATE "${KILN_LIB_DIR}/${library}.lib")
  endforeach()
  target_link_libraries(${name} PRIVATE ${KILN_LIBRARIES})
  set(flags "/entry:${driver_ENTRY}")
  if(driver_DEF)
    get_filename_component(def "${driver_DEF}" ABSOLUTE)
    string(APPEND flags " /def:\"${def}\"")
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${def}")
  endif()
  if(driver_EXPORT)
    string(APPEND flags " /implib:\"${CMAKE_CURRENT_BINARY_DIR}/${name}.lib\"")
    add_library(${name}_import INTERFACE)
    target_link_options(${name}_import INTERFACE "${CMAKE_CURRENT_BINARY_DIR}/${name}.lib")
    add_dependencies(${name}_import ${name})
  endif()
  set_target_properties(${name} PROPERTIES SUFFIX ".sys" LINK_FLAGS "${flags}")
endfunction()
