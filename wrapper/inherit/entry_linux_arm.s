//go:build handover

#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 6 "wrapper/inherit/entry_linux_arm.s"

// See entry_linux_amd64.s; 12 bytes an entry. System call numbers: arch/arm/tools/syscall.tbl.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVW	0(R13), R0
	ADD	$8, R13, R1
	ADD	R0<<2, R1
	MOVW	$·envp(SB), R2
	MOVW	R1, (R2)
	MOVW	(R1), R2
	CMP	$0, R2
	BEQ	signals
	MOVW	$·first(SB), R3
	MOVW	R2, (R3)
	MOVW	$·oneProcessor(SB), R2
hide:
	MOVW	R2, (R1)
next:
	ADD	$4, R1
	MOVW	(R1), R2
	CMP	$0, R2
	BEQ	signals
	MOVBU	0(R2), R3
	CMP	$'G', R3
	BNE	next
	MOVBU	1(R2), R3
	CMP	$'O', R3
	BNE	next
	ADD	$1, R2
	B	hide

signals:
	MOVW	$runtime·sigtable(SB), R1
	MOVW	$65, R2
	MOVW	$0, R3
signal:
	MOVW	R3, (R1)
	ADD	$12, R1
	SUB.S	$1, R2
	BNE	signal

descriptor:
	MOVW	$-100, R0		// AT_FDCWD
	MOVW	$·rootDir(SB), R1
	MOVW	$0x280000, R2		// O_PATH|O_CLOEXEC
	MOVW	$322, R7		// openat
	SWI	$0
	CMP	$3, R0
	BLO	descriptor
	MOVW	$6, R7			// close
	SWI	$0
	JMP	_rt0_arm_linux(SB)
