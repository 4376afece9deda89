/* SPDX-License-Identifier: MIT */
/* wdm.h - what a WDM driver includes: the headers of all managers. */
#ifndef KILN_WDM_H
#define KILN_WDM_H
#define _WDMDDK_
#define _WDM_INCLUDED_

#include <nt/base.h>
#include <nt/status.h>
#include <devioctl.h>
#include <nt/intrin.h>
#include <nt/ordered.h>
#include <nt/imagepolicy.h>
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include <nt/mm.h>
#include <nt/se.h>
#include <nt/rtl_security.h>
#include <nt/ob.h>
#include <nt/ps.h>
#include <nt/io.h>
#include <nt/pnp.h>
#include <nt/hal.h>
#include <nt/pci.h>
#include <nt/cm.h>
#include <nt/po.h>
#include <nt/setoken.h>
#include <nt/ps_services.h>
#include <nt/silo.h>
#include <nt/wmi.h>
#include <nt/tm.h>
#include <nt/clfs.h>
#include <nt/native.h>
#include <nt/usershared.h>
#include <nt/reserved_types.h>

#endif
