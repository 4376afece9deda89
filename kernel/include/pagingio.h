/* SPDX-License-Identifier: MIT */
/*
 * pagingio.h: what the memory manager needs of files. kernel/io/pagingio.c implements it and sets MiFileIo
 * (an upward call, docs/locking.md).
 */
#ifndef KILN_PAGINGIO_H
#define KILN_PAGINGIO_H

#include <nt/io.h>

typedef struct _MI_FILE_IO {
    /* One paging read or write of the MDL's locked pages at a file offset; waits for it. IRQL <= APC_LEVEL.
     */
    IO_STATUS_BLOCK (*Transfer)(PFILE_OBJECT File, PMDL Mdl, ULONG64 Offset, BOOLEAN Write);
    /* End of file. PASSIVE_LEVEL. */
    NTSTATUS (*QuerySize)(PFILE_OBJECT File, ULONG64 *Bytes);
    NTSTATUS (*SetSize)(PFILE_OBJECT File, ULONG64 Bytes);
    /* Bracket the creation of a section, for a file system whose FAST_IO_DISPATCH asks for that.
     * PASSIVE_LEVEL. */
    void (*Acquire)(PFILE_OBJECT File);
    void (*Release)(PFILE_OBJECT File);
    /* Open file objects of the stream with write access. PASSIVE_LEVEL. */
    ULONG (*CountWriters)(PSECTION_OBJECT_POINTERS Pointers);
} MI_FILE_IO;

extern const MI_FILE_IO *MiFileIo;

#endif
