/* SPDX-License-Identifier: MIT */
/*
 * dontuse.h - names that static analysis advises against. It declares nothing; compilers other than PREfast have
 * nothing to do with it.
 */
#pragma once
