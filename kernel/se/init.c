/* SPDX-License-Identifier: MIT */
/*
 * se/init.c: the security reference monitor starts; SeExports.
 */
#include <nt/rtl.h>
#include "ki.h"
#include "sep.h"
#include "sei.h"

void SepInitTokens(void);
void SepInitDescriptors(void);

/*
 * What SeExports points to: privileges and well-known SIDs, in the documented order of the structure in
 * ntifs.h.
 */
typedef struct _SE_EXPORTS_DATA {
    LUID Privileges[23];
    PSID Sids[22];
    LUID MorePrivileges[3];
    PSID Services[2];
    LUID ManageVolume, Impersonate, CreateGlobal, TrustedCredManAccess, Relabel, IncreaseWorkingSet, TimeZone,
        CreateSymbolicLink;
    PSID Users[10];
} SE_EXPORTS_DATA;

static SE_EXPORTS_DATA exports;
PVOID SeExports = &exports;

static void fill_exports(void)
{
    static const UCHAR privileges[23] = {SE_CREATE_TOKEN_PRIVILEGE,
                                         SE_ASSIGNPRIMARYTOKEN_PRIVILEGE,
                                         SE_LOCK_MEMORY_PRIVILEGE,
                                         SE_INCREASE_QUOTA_PRIVILEGE,
                                         SE_MACHINE_ACCOUNT_PRIVILEGE,
                                         SE_TCB_PRIVILEGE,
                                         SE_SECURITY_PRIVILEGE,
                                         SE_TAKE_OWNERSHIP_PRIVILEGE,
                                         SE_LOAD_DRIVER_PRIVILEGE,
                                         SE_CREATE_PAGEFILE_PRIVILEGE,
                                         SE_INC_BASE_PRIORITY_PRIVILEGE,
                                         SE_SYSTEM_PROFILE_PRIVILEGE,
                                         SE_SYSTEMTIME_PRIVILEGE,
                                         SE_PROF_SINGLE_PROCESS_PRIVILEGE,
                                         SE_CREATE_PERMANENT_PRIVILEGE,
                                         SE_BACKUP_PRIVILEGE,
                                         SE_RESTORE_PRIVILEGE,
                                         SE_SHUTDOWN_PRIVILEGE,
                                         SE_DEBUG_PRIVILEGE,
                                         SE_AUDIT_PRIVILEGE,
                                         SE_SYSTEM_ENVIRONMENT_PRIVILEGE,
                                         SE_CHANGE_NOTIFY_PRIVILEGE,
                                         SE_REMOTE_SHUTDOWN_PRIVILEGE};
    for (ULONG i = 0; i < RTL_NUMBER_OF(privileges); i++)
        exports.Privileges[i].LowPart = privileges[i];
    PSID made[32];
    static const struct {
        UCHAR authority, count;
        ULONG sub[2];
    } sids[] = {
        {0, 1, {0}},       {1, 1, {0}},       {2, 1, {0}},       {3, 1, {0}},       {3, 1, {1}},
        {5, 0, {0}},       {5, 1, {1}},       {5, 1, {2}},       {5, 1, {3}},       {5, 1, {4}},
        {5, 1, {18}},      {5, 2, {32, 544}}, {5, 2, {32, 545}}, {5, 2, {32, 546}}, {5, 2, {32, 547}},
        {5, 2, {32, 548}}, {5, 2, {32, 549}}, {5, 2, {32, 550}}, {5, 2, {32, 551}}, {5, 1, {11}},
        {5, 1, {12}},      {5, 1, {7}},       {5, 1, {19}},      {5, 1, {20}},      {5, 1, {17}},
        {16, 1, {0}},      {16, 1, {0x1000}}, {16, 1, {0x2000}}, {16, 1, {0x3000}}, {16, 1, {0x4000}}};
    for (ULONG i = 0; i < RTL_NUMBER_OF(sids); i++) {
        SID_IDENTIFIER_AUTHORITY authority = {{0, 0, 0, 0, 0, sids[i].authority}};
        NTSTATUS status = RtlAllocateAndInitializeSid(&authority, sids[i].count, sids[i].sub[0],
                                                      sids[i].sub[1], 0, 0, 0, 0, 0, 0, &made[i]);
        if (!NT_SUCCESS(status))
            KeBugCheckEx(SECURITY_INITIALIZATION_FAILED, (ULONG_PTR)status, 2, 0, 0);
    }
    RtlCopyMemory(exports.Sids, made, sizeof(exports.Sids));
    exports.MorePrivileges[0].LowPart = SE_UNDOCK_PRIVILEGE;
    exports.MorePrivileges[1].LowPart = SE_SYNC_AGENT_PRIVILEGE;
    exports.MorePrivileges[2].LowPart = SE_ENABLE_DELEGATION_PRIVILEGE;
    exports.Services[0] = made[22];
    exports.Services[1] = made[23];
    exports.ManageVolume.LowPart = SE_MANAGE_VOLUME_PRIVILEGE;
    exports.Impersonate.LowPart = SE_IMPERSONATE_PRIVILEGE;
    exports.CreateGlobal.LowPart = SE_CREATE_GLOBAL_PRIVILEGE;
    exports.TrustedCredManAccess.LowPart = SE_TRUSTED_CREDMAN_ACCESS_PRIVILEGE;
    exports.Relabel.LowPart = SE_RELABEL_PRIVILEGE;
    exports.IncreaseWorkingSet.LowPart = SE_INC_WORKING_SET_PRIVILEGE;
    exports.TimeZone.LowPart = SE_TIME_ZONE_PRIVILEGE;
    exports.CreateSymbolicLink.LowPart = SE_CREATE_SYMBOLIC_LINK_PRIVILEGE;
    RtlCopyMemory(exports.Users, made + 24, 6 * sizeof(PSID));
}

void SeInitSystem(ULONG Phase)
{
    if (Phase == 0) {
        SepInitDescriptors();
        SepInitTokens();
    } else {
        fill_exports();
    }
}
