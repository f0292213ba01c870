//go:build handover

#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 6 "wrapper/inherit/entry_linux_arm64.s"

// See entry_linux_amd64.s. System call numbers: include/uapi/asm-generic/unistd.h.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVD	RSP, R1
	MOVD	0(R1), R0
	ADD	$16, R1
	ADD	R0<<3, R1
	MOVD	$·envp(SB), R2
	MOVD	R1, (R2)
	MOVD	(R1), R2
	CBZ	R2, signals
	MOVD	$·first(SB), R3
	MOVD	R2, (R3)
	MOVD	$·oneProcessor(SB), R2
hide:
	MOVD	R2, (R1)
next:
	ADD	$8, R1
	MOVD	(R1), R2
	CBZ	R2, signals
	MOVBU	0(R2), R3
	CMP	$'G', R3
	BNE	next
	MOVBU	1(R2), R3
	CMP	$'O', R3
	BNE	next
	ADD	$1, R2
	B	hide

signals:
	MOVD	$runtime·sigtable(SB), R1
	MOVD	$65, R2
signal:
	MOVW	ZR, (R1)
	ADD	$24, R1
	SUB	$1, R2
	CBNZ	R2, signal

descriptor:
	MOVD	$-100, R0		// AT_FDCWD
	MOVD	$·rootDir(SB), R1
	MOVD	$0x280000, R2		// O_PATH|O_CLOEXEC
	MOVD	$56, R8			// openat
	SVC
	CMP	$3, R0
	BLO	descriptor
	MOVD	$57, R8			// close
	SVC
	JMP	_rt0_arm64_linux(SB)
