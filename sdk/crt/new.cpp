// SPDX-License-Identifier: MIT
//
// new.cpp - operators new and delete over nonpaged pool, for drivers that do not bring their own.
//
// Compiled once for each of them (KILN_OPERATOR), so that the archive has them in members of their own and a driver
// that replaces some gets only the others. New returns null when there is no memory: kernel C++ has no exceptions.
//
#include <nt/ex.h>

#define TAG '++CK'

#if KILN_OPERATOR == 1
void *operator new(size_t size) noexcept
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, size != 0 ? size : 1, TAG);
}
#elif KILN_OPERATOR == 2
void *operator new[](size_t size) noexcept
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, size != 0 ? size : 1, TAG);
}
#elif KILN_OPERATOR == 3
void operator delete(void *block) noexcept
{
    if (block != nullptr) {
        ExFreePool(block);
    }
}
#elif KILN_OPERATOR == 4
void operator delete[](void *block) noexcept
{
    if (block != nullptr) {
        ExFreePool(block);
    }
}
#elif KILN_OPERATOR == 5
void operator delete(void *block, size_t) noexcept
{
    if (block != nullptr) {
        ExFreePool(block);
    }
}
#elif KILN_OPERATOR == 6
void operator delete[](void *block, size_t) noexcept
{
    if (block != nullptr) {
        ExFreePool(block);
    }
}
#endif
