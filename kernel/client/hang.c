/* SPDX-License-Identifier: MIT */
/*
 * The machine is stuck: every processor idles, no timer is armed, and somebody waits. Says what is in flight; the kernel
 * then lists the threads, what each waits for, and where.
 */
#include <ntifs.h>

#include "clientp.h"
#include "crt.h"
#include "exp.h"
#include "host.h"
#include "iop.h"
#include "ki.h"
#include "locks.h"
#include "trap.h"

static void say(const char *text)
{
    host_console_write(HOST_STREAM_REPORT, text, nt_strlen(text));
}

static BOOLEAN describe_irp(const IOP_IRP_INFO *info, PVOID context)
{
    char device[128] = "(completed)", line[400];
    if (info->Device)
        IopFormatName(info->Device, device, sizeof device);
    nt__snprintf(line, sizeof line - 1,
                 "  IRP %p: %s, code 0x%x, held by %s of %wZ, %s%s, issued by thread %u\n", info->Irp,
                 IopMajorFunctionName(info->Major), info->ControlCode, device,
                 info->Driver ? &info->Driver->DriverName : NULL, info->Cancelable ? "cancelable" : "not cancelable",
                 info->Cancel ? ", cancelled" : "", ((PKTHREAD)info->Thread)->Id);
    line[sizeof line - 1] = 0;
    say(line);
    ++*(ULONG *)context;
    return TRUE;
}

/* Items that wait although, or because, every thread of their queue waits. */
static void report_work(void)
{
    EXP_WORK_QUEUE queue;
    char line[500], where[300];
    for (ULONG i = 0; ExpQueryWorkQueue(i, &queue); i++) {
        if (!queue.First)
            continue;
        KiDescribeAddress((ULONG_PTR)queue.First, where, sizeof where);
        nt__snprintf(line, sizeof line - 1,
                     "%u work items of the %s queue wait, the first for %s; of its %u threads %u are idle.\n", queue.Queued,
                     queue.Name, where, queue.Threads, queue.Idle);
        line[sizeof line - 1] = 0;
        say(line);
    }
}

uint32_t KcReportDeadlocks(void)
{
    ULONG count = KiReportDeadlocks(FALSE);
    report_work();
    return count;
}

BOOLEAN KcReportStuck(void)
{
    ULONG irps = 0;
    say("\n*** The machine is stuck: every processor idles, no timer is armed, and a thread waits for what nobody will do.\n"
        "Requests in flight:\n");
    IopEnumerateIrps(describe_irp, &irps);
    say(irps ? "  A driver that keeps an IRP must complete it some time: look at the driver that holds it.\n"
             : "  none: a thread waits for another thread or for an object nobody signals.\n");
    KcReportDeadlocks();
    return FALSE;
}

void KcReportTimeout(uint64_t pc)
{
    ULONG irps = 0;
    char where[400];
    say("\n*** The run took longer than it was given (--timeout).\nExecuting:\n  ");
    KiDescribeAddress(pc, where, sizeof where);
    say(where);
    say("\nRequests in flight:\n");
    IopEnumerateIrps(describe_irp, &irps);
    if (!irps)
        say("  none\n");
    KiReportDeadlocks(FALSE); /* no lock of ex: this may be a signal handler */
    KiReportThreads();
}
