/* SPDX-License-Identifier: MIT */
/*
 * A view of an image in a process is a loaded image: load-image notify routines are told, in the thread that
 * maps it. Not for SEC_IMAGE_NO_EXECUTE. Reference: PLOAD_IMAGE_NOTIFY_ROUTINE, IMAGE_INFO_EX.
 */
#include "section.h"
#include "ki.h"

/* The file's full name in pool, which the caller frees; NULL: it has none, or there is no memory. */
static POBJECT_NAME_INFORMATION name_file(PFILE_OBJECT File)
{
    POBJECT_NAME_INFORMATION Name;
    ULONG Bytes = 0;

    if (ObQueryNameString(File, NULL, 0, &Bytes) != STATUS_INFO_LENGTH_MISMATCH)
        return NULL;
    Name = MiAllocatePool(NonPagedPoolNx, Bytes, MI_VIEW_TAG, TRUE, NULL);
    if (Name && (!NT_SUCCESS(ObQueryNameString(File, Name, Bytes, &Bytes)) || Name->Name.Length == 0)) {
        ExFreePoolWithTag(Name, MI_VIEW_TAG);
        return NULL;
    }
    return Name;
}

void MiNotifyImageView(PEPROCESS Process, PMI_SECTION Section, PVOID Base, SIZE_T Bytes)
{
    PMI_AREA Area = Section->Area;
    IMAGE_INFO_EX Info = {.Size = sizeof(Info)};
    POBJECT_NAME_INFORMATION Name;

    if (Area->Kind != MiAreaImage || (Section->Attributes & SEC_NOCACHE) || KiIrql() != PASSIVE_LEVEL)
        return;
    Info.ImageInfo.ImageAddressingMode = IMAGE_ADDRESSING_MODE_32BIT; /* the one defined mode */
    Info.ImageInfo.ExtendedInfoPresent = 1;
    Info.ImageInfo.ImagePartialMap = Bytes != (SIZE_T)Section->Size.QuadPart;
    Info.ImageInfo.ImageBase = Base;
    Info.ImageInfo.ImageSize = Bytes;
    Info.FileObject = Area->File;
    Name = name_file(Area->File);
    PsCallImageNotifyRoutines(Name ? &Name->Name : NULL, Process->UniqueProcessId, &Info.ImageInfo);
    if (Name)
        ExFreePoolWithTag(Name, MI_VIEW_TAG);
}
