/* SPDX-License-Identifier: MIT */
/* Reads and writes with an order, tests of bits, and other macros of the headers. Pages: wdm/nf-wdm-<name>.
 */
#include "rtltest.h"

KILN_TEST_ONCE(rtl_ordered, integers_are_read_and_written)
{
    INT32 value = -5;
    UINT32 count = 0xFFFFFFF0;
    BOOLEAN flag = TRUE;
    CHECK_EQ(ReadInt32Acquire(&value), (ULONGLONG)-5);
    CHECK_EQ(ReadInt32NoFence(&value), (ULONGLONG)-5);
    CHECK_EQ(ReadInt32Raw(&value), (ULONGLONG)-5);
    WriteInt32Release(&value, 6);
    CHECK_EQ(value, 6);
    WriteInt32NoFence(&value, 7);
    CHECK_EQ(value, 7);
    WriteInt32Raw(&value, 8);
    CHECK_EQ(value, 8);
    CHECK_EQ(ReadUInt32Acquire(&count), 0xFFFFFFF0);
    CHECK_EQ(ReadUInt32NoFence(&count), 0xFFFFFFF0);
    CHECK_EQ(ReadUInt32Raw(&count), 0xFFFFFFF0);
    WriteUInt32Release(&count, 6);
    CHECK_EQ(count, 6);
    WriteUInt32NoFence(&count, 7);
    CHECK_EQ(count, 7);
    WriteUInt32Raw(&count, 8);
    CHECK_EQ(count, 8);
    CHECK(ReadBooleanRaw(&flag));
}

struct message {
    LONG text;
    UINT32 ready;
    KEVENT done;
};

static VOID NTAPI publish(PVOID context)
{
    struct message *message = context;
    message->text = 42;
    _ReadWriteBarrier();
    WriteUInt32Release(&message->ready, 1);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* What was written before the release is seen after the acquire. */
KILN_TEST(rtl_ordered, a_release_publishes)
{
    struct message message = {0};
    HANDLE thread;
    LARGE_INTEGER moment = {.QuadPart = -10};
    CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, publish, &message),
             STATUS_SUCCESS);
    while (ReadUInt32NoFence(&message.ready) == 0) {
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
    BarrierAfterRead();
    CHECK_EQ(message.text, 42);
    CHECK_EQ(ReadUInt32Acquire(&message.ready), 1);
    ZwWaitForSingleObject(thread, FALSE, NULL);
    ZwClose(thread);
}

KILN_TEST_ONCE(rtl_ordered, bits_of_64)
{
    LONG64 bits = 1LL << 40;
    CHECK_EQ(_BitTest64(&bits, 40), 1);
    CHECK_EQ(_BitTest64(&bits, 41), 0);
    CHECK_EQ(_BitTestAndSet64(&bits, 63), 0);
    CHECK_EQ(_BitTestAndReset64(&bits, 40), 1);
    CHECK_EQ(_BitTestAndComplement64(&bits, 3), 0);
    CHECK_EQ(bits, (1ULL << 63) | 8);
    CHECK_EQ(_BitTestAndComplement64(&bits, 3), 1);
    CHECK_EQ(bits, 1ULL << 63);
}

KILN_TEST_ONCE(rtl_ordered, system_register_fields)
{
    ULONG reg = ARM64_SYSREG(3, 3, 14, 2, 1); /* CNTV_CTL_EL0 */
    CHECK_EQ(ARM64_SYSREG_OP1(reg), 3);
    CHECK_EQ(ARM64_SYSREG_CRN(reg), 14);
    CHECK_EQ(ARM64_SYSREG_CRM(reg), 2);
    CHECK_EQ(ARM64_SYSREG_OP2(reg), 1);
}

KILN_TEST_ONCE(rtl_ordered, image_policies)
{
    static const struct {
        UCHAR Version, Reserved[7];
        ULONGLONG ApplicationId;
        IMAGE_POLICY_ENTRY Policies[2];
    } policy = {IMAGE_POLICY_METADATA_VERSION, {0}, 1, {IMAGE_POLICY_OVERRIDE(ImagePolicyIdDebug)}};
    PCIMAGE_POLICY_METADATA metadata = (PCIMAGE_POLICY_METADATA)&policy;
    CHECK_EQ(metadata->Policies[0].Type, ImagePolicyEntryTypeOverride);
    CHECK_EQ(metadata->Policies[0].PolicyId, ImagePolicyIdDebug);
    CHECK_EQ(metadata->Policies[1].Type, ImagePolicyEntryTypeNone);
}

typedef struct _ITEM {
    LIST_ENTRY Link;
    SINGLE_LIST_ENTRY Next;
    ULONG Value;
} ITEM;

KILN_TEST_ONCE(rtl_ordered, lists_at_both_ends)
{
    LIST_ENTRY head, more[2];
    SINGLE_LIST_ENTRY stack = {NULL};
    ITEM items[3];
    CHECK_EQ(FIELD_OFFSET(ITEM, Next), 16);
    InitializeListHead(&head);
    InsertHeadList(&head, &items[1].Link);
    InsertHeadList(&head, &items[0].Link);
    CHECK(RemoveTailList(&head) == &items[1].Link);
    CHECK(RemoveTailList(&head) == &items[0].Link && IsListEmpty(&head));
    InsertTailList(&head, &items[0].Link);
    InitializeListHead(&more[0]);
    InsertTailList(&more[0], &more[1]);
    AppendTailList(&head, &more[0]); /* the whole ring, its head included */
    CHECK(head.Flink == &items[0].Link && head.Blink == &more[1] && items[0].Link.Flink == &more[0]);
    PushEntryList(&stack, &items[0].Next);
    PushEntryList(&stack, &items[1].Next);
    CHECK(PopEntryList(&stack) == &items[1].Next && PopEntryList(&stack) == &items[0].Next);
    CHECK(PopEntryList(&stack) == NULL);
}
