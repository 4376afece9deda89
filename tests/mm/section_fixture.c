/* SPDX-License-Identifier: MIT */
#include "section_fixture.h"

HANDLE section_create(ULONG64 bytes, ULONG protection, ULONG attributes)
{
    OBJECT_ATTRIBUTES Attributes;
    LARGE_INTEGER Size = {.QuadPart = (LONGLONG)bytes};
    HANDLE Section = NULL;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, &Attributes, &Size, protection, attributes, NULL),
             STATUS_SUCCESS);
    return Section;
}

NTSTATUS section_map_at(HANDLE section, PVOID *base, LONGLONG *offset, SIZE_T *bytes, ULONG type,
                        ULONG protection)
{
    return ZwMapViewOfSection(section, SELF, base, 0, 0, (PLARGE_INTEGER)(PVOID)offset, bytes, ViewUnmap,
                              type, protection);
}

PVOID section_map(HANDLE section, ULONG protection)
{
    PVOID Base = NULL;
    SIZE_T Bytes = 0;

    CHECK_EQ(section_map_at(section, &Base, NULL, &Bytes, 0, protection), STATUS_SUCCESS);
    return Base;
}

void section_unmap(PVOID base)
{
    CHECK_EQ(ZwUnmapViewOfSection(SELF, base), STATUS_SUCCESS);
}

PVOID section_user_slot(SIZE_T *bytes)
{
    PVOID Va = NULL;

    CHECK_EQ(MiAllocateUser(PsGetCurrentProcess(), PAGE_SIZE, PAGE_READWRITE, &Va), STATUS_SUCCESS);
    if (bytes)
        *bytes = 0;
    return Va;
}

struct touch {
    volatile UCHAR *address;
    UCHAR value;
};

static void read_it(void *context)
{
    struct touch *Touch = context;
    Touch->value = *Touch->address;
}

static void write_it(void *context)
{
    struct touch *Touch = context;
    *Touch->address = Touch->value;
}

NTSTATUS section_try_read(volatile const void *address, UCHAR *value)
{
    struct touch Touch = {(volatile UCHAR *)address, 0};
    NTSTATUS Status = KeTryCall(read_it, &Touch);
    *value = Touch.value;
    return Status;
}

NTSTATUS section_try_write(volatile void *address, UCHAR value)
{
    struct touch Touch = {address, value};
    return KeTryCall(write_it, &Touch);
}
