//go:build handover

#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 6 "wrapper/inherit/entry_linux_s390x.s"

// See entry_linux_amd64.s. System call numbers: arch/s390/kernel/syscalls/syscall.tbl.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVD	0(R15), R2
	SLD	$3, R2
	ADD	R15, R2
	ADD	$16, R2
	MOVD	$·envp(SB), R3
	MOVD	R2, (R3)
	MOVD	(R2), R3
	CMPBEQ	R3, $0, signals
	MOVD	$·first(SB), R4
	MOVD	R3, (R4)
	MOVD	$·oneProcessor(SB), R3
hide:
	MOVD	R3, (R2)
next:
	ADD	$8, R2
	MOVD	(R2), R3
	CMPBEQ	R3, $0, signals
	MOVBZ	0(R3), R4
	CMPBNE	R4, $'G', next
	MOVBZ	1(R3), R4
	CMPBNE	R4, $'O', next
	ADD	$1, R3
	BR	hide

signals:
	MOVD	$runtime·sigtable(SB), R2
	MOVD	$65, R3
	MOVD	$0, R4
signal:
	MOVW	R4, (R2)
	ADD	$24, R2
	ADD	$-1, R3
	CMPBNE	R3, $0, signal

descriptor:
	MOVD	$-100, R2		// AT_FDCWD
	MOVD	$·rootDir(SB), R3
	MOVD	$0x280000, R4		// O_PATH|O_CLOEXEC
	MOVD	$288, R1		// openat
	SYSCALL
	CMPUBLT	R2, $3, descriptor
	MOVD	$6, R1			// close
	SYSCALL
	BR	_rt0_s390x_linux(SB)
