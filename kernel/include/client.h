/* SPDX-License-Identifier: MIT */
/*
 * client.h: what libkiln asks of the kernel, in plain C types, so that neither side sees the other's headers.
 *
 * The client is an NT process whose first thread is the host thread that booted the machine; KcCreateProcess and
 * KcCreateThread make others. All functions here are called on such a thread at PASSIVE_LEVEL, hold no lock, and make NT
 * calls in its name with PreviousMode = UserMode. Buffers named `user` lie in the address slice of the thread's process.
 * Status values are NTSTATUS. Most go through service.S, which changes to the thread's kernel stack.
 */
#ifndef KILN_CLIENT_H
#define KILN_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KC_BOUNCE_BYTES (1u << 20)

/* Called once after boot. */
int32_t KcInit(void);

/* KC_THREAD_BYTES of the calling thread's slice for the library, zeroed at first. */
#define KC_THREAD_BYTES 0x5000
void *KcThreadArea(void);
bool KcIsClientThread(void);
/* The process whose handles and slice the calling thread uses: an identity, nothing to follow. */
void *KcThreadProcess(void);

/* A page-aligned zeroed range of the client's slice, or NULL. */
void *KcAllocateUser(uint64_t bytes);
void KcFreeUser(void *user);

int32_t KcLoadDriver(const char *path, const char *service, const void *image, uint64_t bytes, char *why,
                     size_t why_bytes);
int32_t KcUnloadDriver(const char *service);

/* Name the `index`th driver started by a client that is still loaded (latest first); false at the end. */
bool KcLoadedService(unsigned index, char *name, size_t bytes);

int32_t KcOpen(const char *name, uint32_t access, uint32_t disposition, uint32_t options, uint64_t *handle);
int32_t KcClose(uint64_t handle);
int32_t KcFlush(uint64_t handle, uint64_t *information);

enum kc_operation { KC_READ, KC_WRITE, KC_IOCTL };

/* One I/O request. `user_*` lie in the slice; the caller owns all memory until the request is done. */
struct kc_io {
    enum kc_operation operation;
    uint64_t handle;
    uint32_t code;
    void *user_in;
    uint32_t in_bytes;
    void *user_out; /* read: the buffer; write: unused (data is user_in) */
    uint32_t out_bytes;
    uint64_t offset;
    uint64_t *user_iosb; /* 16 bytes: status, information */
    uint64_t event;      /* handle, 0 for synchronous files */
    struct kc_apc *apc;  /* called when it is done, on this thread, while that waits alertably; NULL: nobody is */
};

struct kc_apc {
    void (*function)(struct kc_apc *apc);
};
/* Issue it. STATUS_PENDING: the event will be set. A synchronous file: done on return. */
int32_t KcIssue(const struct kc_io *io);

int32_t KcCreateEvent(uint64_t *handle);
/* Wait for an event; timeout in 100 ns units, UINT64_MAX = forever. STATUS_USER_APC and STATUS_ALERTED if alertable. */
int32_t KcWaitEvent(uint64_t handle, uint64_t timeout_100ns, bool alertable);
/* See a request through whose event this is (0: the file's own); nothing but its completion ends the wait. */
int32_t KcWaitIo(uint64_t handle, uint64_t event, uint64_t *user_iosb);
int32_t KcCancel(uint64_t handle, uint64_t *user_iosb);

/*
 * The caller goes back to code of its own: the client thread on the host thread it came from, wherever a driver's affinity
 * calls led it. A thread that was told to end ends here; user APCs run here.
 */
void KcLeave(void);

int32_t KcSleep(uint64_t time_100ns, bool alertable);
bool KcRunUntilIdle(uint64_t limit_100ns);
int32_t KcRunOnThread(void (*function)(void *), void *argument);

/* Add a processor (kiln_add_processor); a nonmaskable interrupt on the calling processor. */
int32_t KcAddProcessor(uint32_t *index);
void KcNmi(void);

/*
 * Processes and threads. An object pointer holds a reference until KcCloseObject; NULL is the caller's own. A process is
 * a child of the caller's and inherits its inheritable handles.
 */
int32_t KcCreateProcess(const char *name, bool is_32bit, void **process);
int32_t KcCreateThread(void *process, int (*function)(void *), void *argument, uint64_t stack_bytes, bool suspended,
                       void **thread);
/* Wait for the end of either; the exit status is STATUS_PENDING before. Any of the results may be NULL. */
int32_t KcWaitObject(void *object, uint64_t timeout_100ns, bool alertable, int32_t *exit_status, uint64_t *id);
int32_t KcTerminateProcess(void *process, int32_t exit_status);
int32_t KcTerminateThread(void *thread, int32_t exit_status);
/* End the calling thread. Returns only if it cannot: it is the client thread, or a system thread. */
void KcExitThread(int32_t exit_status);
int32_t KcSuspendThread(void *thread, bool resume);
int32_t KcAlertThread(void *thread);
typedef void kc_apc_fn(void *context);
int32_t KcQueueApc(void *thread, kc_apc_fn *function, void *context);
/* STATUS_ALERTED: the thread had been alerted. User APCs that are queued run at KcLeave. */
int32_t KcTestAlert(void);
void KcCloseObject(void *object);

/* Report the threads that wait for each other, and work nobody does. Returns the number of deadlocks. */
uint32_t KcReportDeadlocks(void);

enum kc_field_kind { KC_TEXT, KC_NUMBER, KC_HEX };
struct kc_field {
    const char *name;
    enum kc_field_kind kind;
    const char *text;
    uint64_t number;
};
typedef void kc_row_fn(void *context, const struct kc_field *fields, unsigned count);
int32_t KcList(const char *kind, const char *argument, kc_row_fn *row, void *context);

/*
 * Say what every thread and request is doing, for a run that took too long; `pc` is where the calling thread was
 * interrupted. May be called from a signal handler: the machine does not go on afterwards.
 */
void KcReportTimeout(uint64_t pc);

/* Send IRP_MJ_SHUTDOWN to those registered for it. */
void KcShutdown(void);

/* Calls of drivers that were reported for their IRQL. */
uint32_t KcIrqlViolations(void);

/*
 * Walk the edges of drivers built with --san=cov that ran: both indexes 0 first. `rva` lies in the image file `path` of the
 * host. False at the end. Any IRQL.
 */
bool KcNextCoverage(unsigned *image_index, unsigned *edge_index, const char **path, uint64_t *rva, uint64_t *hits);

/* The documented name of a status value, or NULL; and the reverse. */
const char *KcStatusName(int32_t status);
bool KcStatusValue(const char *name, int32_t *status);

/* Page out all that may go; *pages went. STATUS_NOT_SUPPORTED without paging. */
int32_t KcPageOut(uint64_t *pages);

/* Server silos. Creating one runs the drivers' silo monitors: their status, if one refuses. `process` NULL: the caller's. */
int32_t KcCreateSilo(void **silo);
int32_t KcAssignToSilo(void *silo, void *process);
/* End it and wait until the monitors were told; STATUS_TIMEOUT. */
int32_t KcEndSilo(void *silo, int32_t exit_status, uint64_t timeout_100ns);
void KcCloseSilo(void *silo);

#endif
