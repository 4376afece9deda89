/* SPDX-License-Identifier: MIT */
/*
 * ob/init.c: the object manager starts; object types.
 *
 * Theory of operation of the whole manager: see obp.h (life of an object), directory.c and name.c (the
 * namespace), handle.c (tables), open.c and close.c (handles come and go), reference.c (counts), object.c
 * (deletion).
 *
 *      \                       root directory
 *      \GLOBAL??               the DosDevices names of all: drive letters and device names of user mode
 *      \??                     that, or a logon session's own (dosdevices.c)
 *      \DosDevices -> \??      its old name
 *      \Sessions\0\DosDevices   those of logon sessions
 *      \Device \Driver \FileSystem \Callback \KernelObjects \BaseNamedObjects
 *      \ObjectTypes            one object of type Type for each type
 *
 * Type objects are made before there is a directory to enter them in, so the first ones are entered later in
 * phase 0.
 */
#include "obi.h"
#include "ntsvc.h"

POBJECT_TYPE ObpTypeObjectType;
POBJECT_TYPE ExpEventObjectType, ExpSemaphoreObjectType, ExpMutantObjectType, ExpTimerObjectType;

POBJECT_TYPE *ExEventObjectType = &ExpEventObjectType;
POBJECT_TYPE *ExSemaphoreObjectType = &ExpSemaphoreObjectType;

void ObpDeleteDirectory(PVOID Object);
void ObpDeleteMutant(PVOID Object);
void ObpDeleteTimer(PVOID Object);

static volatile ULONG type_count;

/* ---------------------------------------------------------------- types */

static ULONG key_of(PCUNICODE_STRING name)
{
    ULONG key = 0;
    for (ULONG i = 0; i < 4; i++)
        key |= (ULONG)(i < name->Length / sizeof(WCHAR) ? name->Buffer[i] & 0x7f : ' ') << 8 * i;
    return key;
}

NTSTATUS ObpCreateObjectType(PCUNICODE_STRING Name, const OBJECT_TYPE_INITIALIZER *Initializer,
                             PSECURITY_DESCRIPTOR SecurityDescriptor, POBJECT_TYPE *Type)
{
    UNICODE_STRING name, own;
    POBJECT_HEADER header;
    UNREFERENCED_PARAMETER(SecurityDescriptor);
    if (!Name || !Name->Length || Initializer->Length != sizeof(*Initializer))
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < Name->Length / sizeof(WCHAR); i++) {
        if (Name->Buffer[i] == '\\')
            return STATUS_OBJECT_NAME_INVALID;
    }
    PVOID existing = ObpTypeDirectory ? ObpLookupDirectory(ObpTypeDirectory, Name, FALSE) : NULL;
    if (existing) {
        ObDereferenceObject(existing);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    ULONG index = __atomic_add_fetch(&type_count, 1, __ATOMIC_RELAXED);
    if (index >= OB_MAX_TYPES)
        return STATUS_INSUFFICIENT_RESOURCES;
    /* Two copies: one is the object's name in \ObjectTypes, the other the type's own. */
    NTSTATUS status = ObpCaptureString(KernelMode, Name, &name);
    if (NT_SUCCESS(status))
        status = ObpCaptureString(KernelMode, Name, &own);
    if (NT_SUCCESS(status))
        status = ObpAllocateObject(ObpTypeObjectType, NULL, &name, sizeof(OBJECT_TYPE), NULL, &header);
    if (!NT_SUCCESS(status))
        return status;
    POBJECT_TYPE type = (POBJECT_TYPE)header->Body;
    header->Flags = OB_FLAG_PERMANENT | OB_FLAG_KERNEL;
    InitializeListHead(&type->TypeList);
    InitializeListHead(&type->CallbackList);
    type->Name = own;
    type->TypeInfo = *Initializer;
    type->Info = &type->TypeInfo;
    type->Index = index;
    type->Key = key_of(Name);
    __atomic_store_n(&ObpTypes[index], type, __ATOMIC_RELEASE);
    if (!ObpTypeObjectType) {
        /* The type of types is an object of itself. */
        ObpTypeObjectType = type;
        header->TypeIndex = (UCHAR)index;
        InsertTailList(&type->TypeList, &ObpCreatorInfo(header)->TypeList);
        type->TotalNumberOfObjects = type->HighWaterNumberOfObjects = 1;
    }
    if (ObpTypeDirectory)
        ObpInsertDirectory(ObpTypeDirectory, header, FALSE);
    *Type = type;
    return STATUS_SUCCESS;
}

static void make_type(PCWSTR name, const OBJECT_TYPE_INITIALIZER *initializer, POBJECT_TYPE *type)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    NTSTATUS status = ObpCreateObjectType(&string, initializer, NULL, type);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(OBJECT_INITIALIZATION_FAILED, (ULONG_PTR)status, 0, 0, 0);
}

static void make_namespace_types(void)
{
    OBJECT_TYPE_INITIALIZER type = {
        .Length = sizeof(type),
        .GenericMapping = {STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE, STANDARD_RIGHTS_EXECUTE,
                           OBJECT_TYPE_ALL_ACCESS},
        .ValidAccessMask = OBJECT_TYPE_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
    };
    make_type(L"Type", &type, &ObpTypeObjectType);
    OBJECT_TYPE_INITIALIZER directory = {
        .Length = sizeof(directory),
        .CaseInsensitive = FALSE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                           STANDARD_RIGHTS_WRITE | DIRECTORY_CREATE_OBJECT | DIRECTORY_CREATE_SUBDIRECTORY,
                           STANDARD_RIGHTS_EXECUTE | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                           DIRECTORY_ALL_ACCESS},
        .ValidAccessMask = DIRECTORY_ALL_ACCESS,
        .PoolType = PagedPool,
        .SecurityRequired = FALSE,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
        .DeleteProcedure = ObpDeleteDirectory,
    };
    make_type(L"Directory", &directory, &ObpDirectoryObjectType);
    OBJECT_TYPE_INITIALIZER link = {
        .Length = sizeof(link),
        .GenericMapping = {STANDARD_RIGHTS_READ | SYMBOLIC_LINK_QUERY, STANDARD_RIGHTS_WRITE,
                           STANDARD_RIGHTS_EXECUTE | SYMBOLIC_LINK_QUERY, SYMBOLIC_LINK_ALL_ACCESS},
        .ValidAccessMask = SYMBOLIC_LINK_ALL_ACCESS,
        .PoolType = PagedPool,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
        .DeleteProcedure = ObpDeleteSymbolicLink,
        .ParseProcedure = ObpParseSymbolicLink,
    };
    make_type(L"SymbolicLink", &link, &ObpSymbolicLinkObjectType);
}

static void make_synchronization_types(void)
{
    /* Query is bit 0 and modify bit 1 of all four; a wait needs SYNCHRONIZE. */
    OBJECT_TYPE_INITIALIZER info = {
        .Length = sizeof(info),
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | EVENT_QUERY_STATE,
                           STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE, STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE,
                           EVENT_ALL_ACCESS},
        .ValidAccessMask = EVENT_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .WaitObjectFlagOffset = 0,
    };
    make_type(L"Event", &info, &ExpEventObjectType);
    make_type(L"Semaphore", &info, &ExpSemaphoreObjectType);
    info.GenericMapping.GenericWrite = STANDARD_RIGHTS_WRITE;
    info.GenericMapping.GenericAll = info.ValidAccessMask = MUTANT_ALL_ACCESS;
    info.DeleteProcedure = ObpDeleteMutant;
    make_type(L"Mutant", &info, &ExpMutantObjectType);
    info.GenericMapping.GenericWrite = STANDARD_RIGHTS_WRITE | TIMER_MODIFY_STATE;
    info.GenericMapping.GenericAll = info.ValidAccessMask = TIMER_ALL_ACCESS;
    info.DeleteProcedure = ObpDeleteTimer;
    make_type(L"Timer", &info, &ExpTimerObjectType);
}

/* ---------------------------------------------------------------- directories */

/* A permanent directory without a lookup, for the first ones. */
static POBJECT_DIRECTORY make_directory(POBJECT_DIRECTORY parent, PCWSTR text)
{
    UNICODE_STRING string, name = {0};
    POBJECT_HEADER header;
    RtlInitUnicodeString(&string, text);
    NTSTATUS status = ObpCaptureString(KernelMode, &string, &name);
    if (NT_SUCCESS(status))
        status = ObpAllocateObject(ObpDirectoryObjectType, NULL, &name, sizeof(struct _OBJECT_DIRECTORY),
                                   NULL, &header);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(OBJECT_INITIALIZATION_FAILED, (ULONG_PTR)status, 1, 0, 0);
    header->Flags = OB_FLAG_PERMANENT | OB_FLAG_KERNEL;
    if (parent)
        ObpInsertDirectory(parent, header, TRUE);
    return (POBJECT_DIRECTORY)header->Body;
}

NTSTATUS ObCreatePermanentDirectory(PCWSTR Name)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    RtlInitUnicodeString(&name, Name);
    InitializeObjectAttributes(&attributes, &name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               NULL, SePublicDefaultSd);
    NTSTATUS status = ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes);
    if (NT_SUCCESS(status))
        ZwClose(handle);
    return status;
}

static void make_link(PCWSTR name, PCWSTR target)
{
    UNICODE_STRING from, to;
    RtlInitUnicodeString(&from, name);
    RtlInitUnicodeString(&to, target);
    NTSTATUS status = ObCreateSymbolicLinkByName(&from, &to);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(OBJECT1_INITIALIZATION_FAILED, (ULONG_PTR)status, 0, 0, 0);
}

static void secure(POBJECT_DIRECTORY directory, PSECURITY_DESCRIPTOR descriptor)
{
    SeDefaultObjectMethod(directory, AssignSecurityDescriptor, NULL, descriptor, NULL,
                          &ObpHeader(directory)->SecurityDescriptor, NonPagedPoolNx, NULL, KernelMode);
}

void ObInitSystem(ULONG Phase)
{
    static const PCWSTR names[] = {L"Device",        L"Driver",           L"FileSystem", L"Callback",
                                   L"KernelObjects", L"BaseNamedObjects", L"Security"};
    if (Phase == 0) {
        ObpChecked = host_config()->checked;
        ObpTraceEnabled = ObpChecked;
        make_namespace_types();
        make_synchronization_types();
        ObpKernelHandleTable = ObCreateHandleTable(NULL);
        ObpRootDirectory = make_directory(NULL, L"");
        ObpTypeDirectory = make_directory(ObpRootDirectory, L"ObjectTypes");
        ObpDosDevicesDirectory = make_directory(ObpRootDirectory, L"GLOBAL??");
        for (ULONG i = 1; i < OB_MAX_TYPES; i++) {
            if (ObpTypes[i])
                ObpInsertDirectory(ObpTypeDirectory, ObpHeader(ObpTypes[i]), FALSE);
        }
        return;
    }
    /* Phase 1: security exists, and the current process has a handle table. */
    for (ULONG i = 0; i < RTL_NUMBER_OF(names); i++)
        secure(make_directory(ObpRootDirectory, names[i]), SePublicDefaultSd);
    UNICODE_STRING base = RTL_CONSTANT_STRING(L"BaseNamedObjects");
    POBJECT_DIRECTORY open = ObpLookupDirectory(ObpRootDirectory, &base, TRUE);
    SeDefaultObjectMethod(open, DeleteSecurityDescriptor, NULL, NULL, NULL,
                          &ObpHeader(open)->SecurityDescriptor, NonPagedPoolNx, NULL, KernelMode);
    secure(open, SePublicOpenSd);
    ObDereferenceObject(open);
    secure(ObpRootDirectory, SePublicDefaultSd);
    secure(ObpTypeDirectory, SePublicDefaultSd);
    secure(ObpDosDevicesDirectory, SePublicDefaultSd);
    ObpInitDosDevices();
    make_link(L"\\DosDevices", L"\\??");
    make_link(L"\\GLOBAL??\\Global", L"\\GLOBAL??");
    make_link(L"\\GLOBAL??\\GLOBALROOT", L"\\");
}
