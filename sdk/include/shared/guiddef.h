/* SPDX-License-Identifier: MIT */
/*
 * guiddef.h - the GUID type and DEFINE_GUID.
 *
 * DEFINE_GUID declares a GUID, unless <initguid.h> came before, in which case it defines it (any number of
 * translation units may: the definitions merge).
 */
#ifndef KILN_GUIDDEF_H
#define KILN_GUIDDEF_H

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    unsigned int Data1;
    unsigned short Data2;
    unsigned short Data3;
    unsigned char Data4[8];
} GUID;
#endif

typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID, *LPIID;
typedef GUID CLSID, *LPCLSID;
typedef GUID FMTID, *LPFMTID;

#ifdef __cplusplus
#define EXTERN_GUID_LINKAGE extern "C"
#else
#define EXTERN_GUID_LINKAGE extern
#endif

#ifdef __cplusplus
typedef const GUID &REFGUID;
typedef const IID &REFIID;
typedef const CLSID &REFCLSID;
typedef const FMTID &REFFMTID;
#else
typedef const GUID *REFGUID;
typedef const IID *REFIID;
typedef const CLSID *REFCLSID;
typedef const FMTID *REFFMTID;
#endif

/* Word by word, so that no memory routine is needed. */
#define KILN_GUID_WORD(g, n) (((const unsigned int *)(g))[n])
#define KILN_GUIDS_EQUAL(a, b)                                                                               \
    (KILN_GUID_WORD(a, 0) == KILN_GUID_WORD(b, 0) && KILN_GUID_WORD(a, 1) == KILN_GUID_WORD(b, 1) &&         \
     KILN_GUID_WORD(a, 2) == KILN_GUID_WORD(b, 2) && KILN_GUID_WORD(a, 3) == KILN_GUID_WORD(b, 3))

#ifdef __cplusplus
static inline int IsEqualGUID(REFGUID a, REFGUID b)
{
    return KILN_GUIDS_EQUAL(&a, &b);
}
static inline int InlineIsEqualGUID(REFGUID a, REFGUID b)
{
    return KILN_GUIDS_EQUAL(&a, &b);
}
static inline bool operator==(const GUID &a, const GUID &b)
{
    return KILN_GUIDS_EQUAL(&a, &b);
}
static inline bool operator!=(const GUID &a, const GUID &b)
{
    return !(a == b);
}
#else
#define IsEqualGUID(a, b)       KILN_GUIDS_EQUAL(a, b)
#define InlineIsEqualGUID(a, b) KILN_GUIDS_EQUAL(a, b)
#endif
#define IsEqualIID(a, b)   IsEqualGUID(a, b)
#define IsEqualCLSID(a, b) IsEqualGUID(a, b)
#define IsEqualFMTID(a, b) IsEqualGUID(a, b)

#endif

#ifndef KILN_GUID_SELECTANY
#ifdef _WIN32
#define KILN_GUID_SELECTANY __declspec(selectany)
#else
#define KILN_GUID_SELECTANY __attribute__((weak))
#endif
#endif

#undef DEFINE_GUID
#undef DEFINE_OLEGUID
#ifdef INITGUID
#ifdef __cplusplus
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                                         \
    EXTERN_GUID_LINKAGE const GUID KILN_GUID_SELECTANY name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                                         \
    const GUID KILN_GUID_SELECTANY name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#endif
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) EXTERN_GUID_LINKAGE const GUID name
#endif
#define DEFINE_OLEGUID(name, l, w1, w2) DEFINE_GUID(name, l, w1, w2, 0xC0, 0, 0, 0, 0, 0, 0, 0x46)
