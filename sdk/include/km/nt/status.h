/* SPDX-License-Identifier: MIT */
/* nt/status.h - NTSTATUS and its codes. */
#pragma once
#include <nt/base.h>
#include <ntstatus.h>
