/* SPDX-License-Identifier: MIT */
/* qsort, bsearch and rand of the C run time, as ntoskrnl exports them. Any IRQL; callbacks run at the caller's. */
#include <nt/rtl.h>

#include "rtlp.h"

typedef int NTAPI COMPARE(const void *Left, const void *Right);

static void swap(UCHAR *a, UCHAR *b, SIZE_T width)
{
    for (SIZE_T i = 0; i < width; i++) {
        UCHAR t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

/* Heap sort: in place, no recursion on a kernel stack, no bad case. */
static void sift_down(UCHAR *base, SIZE_T root, SIZE_T count, SIZE_T width, COMPARE *compare)
{
    for (;;) {
        SIZE_T child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && compare(base + child * width, base + (child + 1) * width) < 0)
            child++;
        if (compare(base + root * width, base + child * width) >= 0)
            return;
        swap(base + root * width, base + child * width, width);
        root = child;
    }
}

void NTAPI nt_qsort(void *Base, SIZE_T Count, SIZE_T Width, COMPARE *Compare)
{
    UCHAR *base = Base;
    for (SIZE_T i = Count / 2; i-- > 0;)
        sift_down(base, i, Count, Width, Compare);
    for (SIZE_T end = Count; end-- > 1;) {
        swap(base, base + end * Width, Width);
        sift_down(base, 0, end, Width, Compare);
    }
}

void *NTAPI nt_bsearch(const void *Key, const void *Base, SIZE_T Count, SIZE_T Width, COMPARE *Compare)
{
    const UCHAR *base = Base;
    while (Count) {
        const UCHAR *middle = base + Count / 2 * Width;
        int order = Compare(Key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            base = middle + Width;
            Count--;
        }
        Count /= 2;
    }
    return NULL;
}

/* The run time's documented generator: 15 bits of a 32-bit linear congruence. */
int NTAPI nt_rand(void)
{
    static volatile ULONG state = 1;
    state = state * 214013 + 2531011;
    return (int)(state >> 16 & 0x7FFF);
}

/* A C++ object's pure virtual function was called. */
int NTAPI nt__purecall(void);
int NTAPI nt__purecall(void)
{
    RtlFailFast(FAST_FAIL_FATAL_APP_EXIT);
}
