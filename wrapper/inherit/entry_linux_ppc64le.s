//go:build handover

#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 6 "wrapper/inherit/entry_linux_ppc64le.s"

// See entry_linux_amd64.s. System call numbers: arch/powerpc/kernel/syscalls/syscall.tbl; an error sets the summary overflow
// bit and returns a positive error number. R13 (thread pointer) must reach the runtime as the kernel set it.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVD	0(R1), R5
	SLD	$3, R5
	ADD	R1, R5
	ADD	$16, R5
	MOVD	$·envp(SB), R6
	MOVD	R5, (R6)
	MOVD	(R5), R6
	CMP	R6, $0
	BEQ	signals
	MOVD	$·first(SB), R7
	MOVD	R6, (R7)
	MOVD	$·oneProcessor(SB), R6
hide:
	MOVD	R6, (R5)
next:
	ADD	$8, R5
	MOVD	(R5), R6
	CMP	R6, $0
	BEQ	signals
	MOVBZ	0(R6), R7
	CMP	R7, $'G'
	BNE	next
	MOVBZ	1(R6), R7
	CMP	R7, $'O'
	BNE	next
	ADD	$1, R6
	BR	hide

signals:
	MOVD	$runtime·sigtable(SB), R5
	MOVD	$65, R6
	MOVD	$0, R7
signal:
	MOVW	R7, (R5)
	ADD	$24, R5
	ADD	$-1, R6
	CMP	R6, $0
	BNE	signal

descriptor:
	MOVD	$-100, R3		// AT_FDCWD
	MOVD	$·rootDir(SB), R4
	MOVD	$0x280000, R5		// O_PATH|O_CLOEXEC
	SYSCALL	$286			// openat
	BVS	start
	CMPU	R3, $3
	BLT	descriptor
	SYSCALL	$6			// close
start:
	BR	_rt0_ppc64le_linux(SB)
