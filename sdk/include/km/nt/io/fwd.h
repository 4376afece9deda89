/* SPDX-License-Identifier: MIT */
/* Names of the objects of the I/O manager, for headers that need only pointers to them. */
#ifndef KILN_NT_IO_FWD_H
#define KILN_NT_IO_FWD_H

#include <nt/base.h>

EXTERN_C_START

typedef struct _DEVICE_OBJECT DEVICE_OBJECT, *PDEVICE_OBJECT;
typedef struct _DRIVER_OBJECT DRIVER_OBJECT, *PDRIVER_OBJECT;
typedef struct _DRIVER_EXTENSION DRIVER_EXTENSION, *PDRIVER_EXTENSION;
typedef struct _FILE_OBJECT FILE_OBJECT, *PFILE_OBJECT;
typedef struct _IRP IRP, *PIRP;
typedef struct _IO_STACK_LOCATION IO_STACK_LOCATION, *PIO_STACK_LOCATION;
typedef struct _VPB VPB, *PVPB;
typedef struct _IO_TIMER *PIO_TIMER;
typedef struct _IO_WORKITEM *PIO_WORKITEM;
typedef struct _CONTROLLER_OBJECT CONTROLLER_OBJECT, *PCONTROLLER_OBJECT;
typedef struct _DMA_ADAPTER DMA_ADAPTER, *PDMA_ADAPTER;
typedef struct _ADAPTER_OBJECT *PADAPTER_OBJECT;
typedef struct _KINTERRUPT *PKINTERRUPT;
typedef struct _FAST_IO_DISPATCH FAST_IO_DISPATCH, *PFAST_IO_DISPATCH;
typedef struct _MDL MDL, *PMDL;
typedef struct _EPROCESS *PEPROCESS;
typedef struct _ETHREAD *PETHREAD;
typedef struct _KTHREAD *PKTHREAD;
typedef struct _OBJECT_TYPE *POBJECT_TYPE;
struct _DEVICE_DESCRIPTION;
struct _SCATTER_GATHER_LIST;
struct _ERESOURCE;
struct _COMPRESSED_DATA_INFO;

EXTERN_C_END

#endif
