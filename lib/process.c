/* SPDX-License-Identifier: MIT */
/* libkiln: processes and threads. A kiln_process and a kiln_thread are the kernel's objects, referenced. */
#include "kiln/kiln.h"
#include "kilnp.h"

#include "client.h"

#include <stdlib.h>

static uint64_t in_100ns(uint64_t ns)
{
    return ns == KILN_FOREVER ? UINT64_MAX : ns / 100 + (ns % 100 != 0);
}

static kiln_status wait_object(void *object, uint64_t timeout_ns, bool alertable, kiln_status *exit_status)
{
    kiln__enter();
    kiln_status status = KcWaitObject(object, in_100ns(timeout_ns), alertable, exit_status, NULL);
    kiln__leave();
    return status;
}

static uint64_t id_of(void *object)
{
    uint64_t id;
    kiln__enter();
    KcWaitObject(object, 0, false, NULL, &id);
    kiln__leave();
    return id;
}

static void close_object(void *object)
{
    if (!object)
        return;
    kiln__enter();
    KcCloseObject(object);
    kiln__leave();
}

static kiln_status create(const char *name, bool is_32bit, kiln_process **process)
{
    kiln__enter();
    kiln_status status = KcCreateProcess(name, is_32bit, (void **)process);
    kiln__leave();
    return status;
}

kiln_status kiln_process_create(const char *name, kiln_process **process)
{
    return create(name, false, process);
}

kiln_status kiln_process_create32(const char *name, kiln_process **process)
{
    return create(name, true, process);
}

kiln_status kiln_process_wait(kiln_process *process, uint64_t timeout_ns, kiln_status *exit_status)
{
    return wait_object(process, timeout_ns, false, exit_status);
}

kiln_status kiln_process_terminate(kiln_process *process, kiln_status exit_status)
{
    kiln__enter();
    kiln_status status = KcTerminateProcess(process, exit_status);
    kiln__leave();
    return status;
}

uint64_t kiln_process_id(kiln_process *process)
{
    return id_of(process);
}

void kiln_process_close(kiln_process *process)
{
    close_object(process);
}

kiln_status kiln_thread_create(kiln_process *process, kiln_thread_fn *function, void *argument,
                               size_t stack_bytes, unsigned flags, kiln_thread **thread)
{
    kiln__enter();
    kiln_status status =
        KcCreateThread(process, function, argument, stack_bytes, flags & KILN_SUSPENDED, (void **)thread);
    kiln__leave();
    return status;
}

kiln_status kiln_thread_wait(kiln_thread *thread, uint64_t timeout_ns, kiln_status *exit_status)
{
    return wait_object(thread, timeout_ns, false, exit_status);
}

kiln_status kiln_thread_wait_alertable(kiln_thread *thread, uint64_t timeout_ns, kiln_status *exit_status)
{
    return wait_object(thread, timeout_ns, true, exit_status);
}

kiln_status kiln_thread_terminate(kiln_thread *thread, kiln_status exit_status)
{
    kiln__enter();
    kiln_status status = KcTerminateThread(thread, exit_status);
    kiln__leave();
    return status;
}

void kiln_thread_exit(kiln_status exit_status)
{
    kiln__enter();
    KcExitThread(exit_status);
    abort();
}

kiln_status kiln_thread_suspend(kiln_thread *thread)
{
    kiln__enter();
    kiln_status status = KcSuspendThread(thread, false);
    kiln__leave();
    return status;
}

kiln_status kiln_thread_resume(kiln_thread *thread)
{
    kiln__enter();
    kiln_status status = KcSuspendThread(thread, true);
    kiln__leave();
    return status;
}

kiln_status kiln_thread_alert(kiln_thread *thread)
{
    kiln__enter();
    kiln_status status = KcAlertThread(thread);
    kiln__leave();
    return status;
}

kiln_status kiln_thread_queue_apc(kiln_thread *thread, void (*function)(void *context), void *context)
{
    kiln__enter();
    kiln_status status = KcQueueApc(thread, function, context);
    kiln__leave();
    return status;
}

kiln_status kiln_test_alert(void)
{
    kiln__enter();
    kiln_status status = KcTestAlert();
    kiln__leave();
    return status;
}

uint64_t kiln_thread_id(kiln_thread *thread)
{
    return id_of(thread);
}

void kiln_thread_close(kiln_thread *thread)
{
    close_object(thread);
}

/* ---------------------------------------------------------------- silos */

kiln_status kiln_silo_create(kiln_silo **silo)
{
    void *made;
    kiln__enter();
    kiln_status status = KcCreateSilo(&made);
    kiln__leave();
    *silo = made;
    return status;
}

kiln_status kiln_silo_assign(kiln_silo *silo, kiln_process *process)
{
    kiln__enter();
    kiln_status status = KcAssignToSilo(silo, process);
    kiln__leave();
    return status;
}

kiln_status kiln_silo_terminate(kiln_silo *silo, kiln_status exit_status, uint64_t timeout_ns)
{
    kiln__enter();
    kiln_status status = KcEndSilo(silo, exit_status, in_100ns(timeout_ns));
    kiln__leave();
    return status;
}

void kiln_silo_close(kiln_silo *silo)
{
    if (!silo)
        return;
    kiln__enter();
    KcCloseSilo(silo);
    kiln__leave();
}
