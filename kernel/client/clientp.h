/* SPDX-License-Identifier: MIT */
/* Private to kernel/client. */
#ifndef KILN_CLIENTP_H
#define KILN_CLIENTP_H

#include "client.h"

/* What service.S calls on the kernel stack for the requests of client.h. */
void *KcsAllocateUser(uint64_t bytes);
void KcsFreeUser(void *user);
int32_t KcsLoadDriver(const char *path, const char *service, const void *image, uint64_t bytes, char *why,
                      size_t why_bytes);
int32_t KcsUnloadDriver(const char *service);
int32_t KcsOpen(const char *name, uint32_t access, uint32_t disposition, uint32_t options, uint64_t *handle);
int32_t KcsClose(uint64_t handle);
int32_t KcsFlush(uint64_t handle, uint64_t *information);
int32_t KcsIssue(const struct kc_io *io);
int32_t KcsCreateEvent(uint64_t *handle);
int32_t KcsWaitEvent(uint64_t handle, uint64_t timeout_100ns, bool alertable);
int32_t KcsWaitIo(uint64_t handle, uint64_t event, uint64_t *user_iosb);
int32_t KcsCancel(uint64_t handle, uint64_t *user_iosb);
void KcsLeave(void);
int32_t KcsSleep(uint64_t time_100ns, bool alertable);
bool KcsRunUntilIdle(uint64_t limit_100ns);
int32_t KcsRunOnThread(void (*function)(void *), void *argument);
int32_t KcsList(const char *kind, const char *argument, kc_row_fn *row, void *context);
void KcsShutdown(void);
int32_t KcsCreateProcess(const char *name, bool is_32bit, void **process);
int32_t KcsCreateThread(void *process, int (*function)(void *), void *argument, uint64_t stack_bytes, bool suspended,
                        void **thread);
int32_t KcsWaitObject(void *object, uint64_t timeout_100ns, bool alertable, int32_t *exit_status, uint64_t *id);
int32_t KcsTerminateProcess(void *process, int32_t exit_status);
int32_t KcsTerminateThread(void *thread, int32_t exit_status);
void KcsExitThread(int32_t exit_status);
int32_t KcsSuspendThread(void *thread, bool resume);
int32_t KcsAlertThread(void *thread);
int32_t KcsQueueApc(void *thread, kc_apc_fn *function, void *context);
int32_t KcsTestAlert(void);
void KcsCloseObject(void *object);
int32_t KcsAddProcessor(uint32_t *index);
void KcsNmi(void);
int32_t KcsPageOut(uint64_t *pages);
int32_t KcsCreateSilo(void **silo);
int32_t KcsAssignToSilo(void *silo, void *process);
int32_t KcsEndSilo(void *silo, int32_t exit_status, uint64_t timeout_100ns);
void KcsCloseSilo(void *silo);

/* Enter a request: the caller's mode for the services, and interrupts that host code held off. */
void KcEnter(char mode);

/* The client thread was told to end: why the machine ends. */
void KcReportClientEnded(int32_t status);

/* Report what is in flight when nothing can go on (KiMachineStuck). Always FALSE: it made nothing ready. */
unsigned char KcReportStuck(void);

/* The documented names of status values, sorted by value; generated from ntstatus.h. */
struct kc_status_name {
    int32_t value;
    const char *name;
};
extern const struct kc_status_name KcStatusNames[];
extern const unsigned KcStatusNameCount;

#endif
