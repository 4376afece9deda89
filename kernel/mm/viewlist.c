/* SPDX-License-Identifier: MIT */
/*
 * What lies in a process's addresses, and which views are in system space, for reports and commands.
 */
#include "section.h"
#include "ki.h"

/* The name of an object as ASCII, without its beginning if it is too long. PASSIVE_LEVEL. */
static void name_object(PVOID Object, char *Text, SIZE_T Size)
{
    ULONG Bytes = 0;
    POBJECT_NAME_INFORMATION Name;

    Text[0] = 0;
    if (ObQueryNameString(Object, NULL, 0, &Bytes) != STATUS_INFO_LENGTH_MISMATCH)
        return;
    Name = MiAllocatePool(NonPagedPoolNx, Bytes, MI_VIEW_TAG, TRUE, NULL);
    if (Name == NULL)
        return;
    if (NT_SUCCESS(ObQueryNameString(Object, Name, Bytes, &Bytes)) && Name->Name.Length) {
        SIZE_T Length = Name->Name.Length / sizeof(WCHAR), Skip = Length >= Size ? Length - Size + 1 : 0;
        for (SIZE_T I = Skip; I < Length; I++)
            Text[I - Skip] = Name->Name.Buffer[I] < 0x7F ? (char)Name->Name.Buffer[I] : '?';
        Text[Length - Skip] = 0;
    }
    ExFreePoolWithTag(Name, MI_VIEW_TAG);
}

/* The section by its name, else the file. Section may be NULL. */
static void name_section(PMI_SECTION Section, PMI_RANGE_INFO Info)
{
    if (Section == NULL)
        return;
    name_object(Section, Info->Name, sizeof(Info->Name));
    if (Info->Name[0] == 0 && Section->Area->File)
        name_object(Section->Area->File, Info->Name, sizeof(Info->Name));
    ObDereferenceObject(Section);
}

static void describe_view(PMI_VIEW View, PMI_RANGE_INFO Info)
{
    MI_AREA_KIND Kind = View->Section->Area->Kind;

    Info->Type = Kind == MiAreaImage ? MEM_IMAGE : MEM_MAPPED;
    Info->Offset = (LONGLONG)((ULONG64)View->FirstPage << KILN_PAGE_SHIFT);
    Info->SectionKind = Kind == MiAreaPageFile ? "page file"
                        : Kind == MiAreaData   ? "file"
                        : Kind == MiAreaImage  ? "image"
                                               : "physical memory";
    Info->Caller = View->Caller;
    for (SIZE_T I = 0; I < View->Pages; I++)
        Info->ResidentBytes += View->Page[I].Pfn != MI_NO_PFN ? MI_PAGE_BYTES : 0;
}

BOOLEAN MiEnumerateUserRanges(PEPROCESS Process, PVOID *Cursor, PMI_RANGE_INFO Info)
{
    PMI_SECTION Section = NULL;
    ULONG Protection;

    RtlZeroMemory(Info, sizeof(*Info));
    if (!MiLockAddressSpace(Process))
        return FALSE;
    PMI_RANGE Range = MiNextRange(Process, *Cursor);
    if (Range) {
        Info->Begin = (PVOID)(ULONG_PTR)Range->Begin;
        Info->Bytes = Range->Pages << KILN_PAGE_SHIFT;
        Info->Protection = Range->Protection;
        Info->Type = Range->Kind == MiRangePrivate ? MEM_PRIVATE : MEM_MAPPED;
        Info->Mdl = Range->Kind == MiRangeMdl;
        for (SIZE_T I = 0; I < Range->Pages; I++) {
            BOOLEAN Committed =
                Range->View ? MiQueryViewPage(Range, I, &Protection) : Range->Page[I].Pfn != MI_NO_PFN;
            Info->CommittedBytes += Committed ? MI_PAGE_BYTES : 0;
        }
        if (Range->View) {
            describe_view(Range->View, Info);
            Section = Range->View->Section;
            ObReferenceObject(Section);
        } else {
            Info->ResidentBytes = Info->CommittedBytes;
        }
        *Cursor = Info->Begin;
    }
    MiUnlockAddressSpace(Process);
    name_section(Section, Info);
    return Range != NULL;
}

BOOLEAN MiEnumerateSystemViews(PVOID *Cursor, PMI_RANGE_INFO Info)
{
    PMI_SECTION Section = NULL;
    KIRQL Irql = KiRaise(DISPATCH_LEVEL);

    RtlZeroMemory(Info, sizeof(*Info));
    MiLockSystemViews();
    PMI_VIEW View = MiNextSystemView((ULONG64)(ULONG_PTR)*Cursor);
    if (View) {
        Info->Begin = (PVOID)(ULONG_PTR)View->Va;
        Info->Bytes = Info->CommittedBytes = View->Pages << KILN_PAGE_SHIFT;
        Info->Protection = View->Protection;
        describe_view(View, Info);
        Section = View->Section;
        ObReferenceObject(Section);
        *Cursor = Info->Begin;
    }
    MiUnlockSystemViews();
    KiLower(Irql);
    name_section(Section, Info);
    return View != NULL;
}
