/* SPDX-License-Identifier: MIT */
/* report_json.c: the crash report for machines: one JSON object on one line. */
#include "vfp.h"
#include "locks.h"

static void json_string(const char *text)
{
    char out[1100];
    SIZE_T at = 0;
    out[at++] = '"';
    for (; *text && at < sizeof out - 8; text++) {
        UCHAR c = (UCHAR)*text;
        if (c == '"' || c == '\\') {
            out[at++] = '\\';
            out[at++] = (char)c;
        } else if (c < 0x20) {
            vf_print(out + at, sizeof out - at, "\\u%04x", c);
            at += 6;
        } else {
            out[at++] = (char)c;
        }
    }
    out[at++] = '"';
    host_console_write(HOST_STREAM_REPORT, out, at);
}

static void json_member(const char *name, const char *value)
{
    vf_say(",\"%s\":", name);
    json_string(value);
}

static void json_place(ULONGLONG pc, bool returned)
{
    static struct vf_place place;
    vf_locate(pc, returned, &place);
    vf_say("{\"address\":\"0x%llx\"", pc);
    if (place.module[0]) {
        json_member("module", place.module);
        vf_say(",\"offset\":\"0x%llx\",\"driver\":%s", place.offset, place.driver ? "true" : "false");
    }
    if (place.function[0])
        json_member("function", place.function);
    if (place.file[0]) {
        json_member("file", place.file);
        vf_say(",\"line\":%u", place.line);
    }
    vf_say("}");
}

void vf_report_json(void)
{
    static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
                                        "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};
    const struct vf_bug_text *text = vf_find_bug_text(vf_crash.code);
    const char *name = vf_bug_name(vf_crash.code);
    ULONGLONG pc;
    bool returned;
    vf_say("{\"event\":\"bugcheck\",\"code\":\"0x%X\"", vf_crash.code);
    json_member("name", name ? name : "");
    vf_say(",\"parameters\":[");
    for (unsigned i = 0; i < 4; i++)
        vf_say("%s\"0x%llx\"", i ? "," : "", (ULONGLONG)vf_crash.parameter[i]);
    vf_say("]");
    if (text)
        json_member("meaning", text->meaning);
    if (vf_crash.text)
        json_member("what_happened", vf_crash.text);
    if (text && text->advice)
        json_member("what_to_do", text->advice);
    if (vf_crash.has_record)
        vf_say(",\"exception\":\"0x%08X\"", vf_crash.record.ExceptionCode);
    static char lock[1024];
    for (ULONG i = 0; KiDescribeDeadlockFound(i, lock, sizeof lock); i++) {
        vf_say(i == 0 ? ",\"locks\":[" : ",");
        json_string(lock);
    }
    if (KiDescribeDeadlockFound(0, lock, sizeof lock))
        vf_say("]");
    if (vf_find_driver(&pc, &returned)) {
        vf_say(",\"driver\":");
        json_place(pc, returned);
    }
    vf_say(",\"irql\":%u,\"processor\":%u", vf_crash.irql, vf_crash.processor);
    if (vf_crash.thread)
        vf_say(",\"thread\":%u", vf_crash.thread->Id);
    vf_say(",\"registers\":{");
    for (unsigned i = 0; i < RTL_NUMBER_OF(names); i++)
        vf_say("%s\"%s\":\"0x%llx\"", i ? "," : "", names[i], (&vf_crash.context.Rax)[i]);
    vf_say("},\"stack\":[");
    for (ULONG i = 0; i < vf_crash.frame_count; i++) {
        if (i)
            vf_say(",");
        json_place(vf_crash.frames[i], vf_is_return(i));
    }
    vf_say("],\"live\":%s,\"seed\":%llu", host_config()->live ? "true" : "false", (ULONGLONG)host_config()->seed);
    json_member("command", host_command_line());
    vf_say("}\n");
}
