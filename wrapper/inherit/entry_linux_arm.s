#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 4 "wrapper/inherit/entry_linux_arm.s"

// See entry_linux_amd64.s. System call numbers: arch/arm/tools/syscall.tbl.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVW	$1, R4
action:
	MOVW	R4, R0
	MOVW	$0, R1
	MOVW	$·actions(SB), R2
	ADD	R4<<5, R2
	MOVW	$8, R3
	MOVW	$174, R7	// rt_sigaction
	SWI	$0
	ADD	$1, R4
	CMP	$64, R4
	BLE	action

	MOVW	$0, R0
	MOVW	$0, R1
	MOVW	$·blocked(SB), R2
	MOVW	$8, R3
	MOVW	$175, R7	// rt_sigprocmask
	SWI	$0

	MOVW	$0, R4
descriptor:
	MOVW	R4, R0
	MOVW	$1, R1		// F_GETFD
	MOVW	$55, R7		// fcntl
	SWI	$0
	MOVW	R0>>31, R0	// negative: closed
	MOVW	$·closed(SB), R2
	ADD	R4<<2, R2
	MOVW	R0, (R2)
	ADD	$1, R4
	CMP	$3, R4
	BLT	descriptor

	MOVW	$1, R0
	MOVW	$·recorded(SB), R2
	MOVW	R0, (R2)
	JMP	_rt0_arm_linux(SB)
