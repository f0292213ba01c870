#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 4 "wrapper/inherit/entry_linux_arm64.s"

// See entry_linux_amd64.s. System call numbers: include/uapi/asm-generic/unistd.h.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVD	$1, R19
action:
	MOVD	R19, R0
	MOVD	$0, R1
	MOVD	$·actions(SB), R2
	ADD	R19<<5, R2
	MOVD	$8, R3
	MOVD	$134, R8	// rt_sigaction
	SVC
	ADD	$1, R19
	CMP	$64, R19
	BLE	action

	MOVD	$0, R0
	MOVD	$0, R1
	MOVD	$·blocked(SB), R2
	MOVD	$8, R3
	MOVD	$135, R8	// rt_sigprocmask
	SVC

	MOVD	$0, R19
descriptor:
	MOVD	R19, R0
	MOVD	$1, R1		// F_GETFD
	MOVD	$25, R8		// fcntl
	SVC
	LSR	$63, R0		// negative: closed
	MOVD	$·closed(SB), R2
	ADD	R19<<2, R2
	MOVW	R0, (R2)
	ADD	$1, R19
	CMP	$3, R19
	BLT	descriptor

	MOVD	$1, R0
	MOVD	$·recorded(SB), R2
	MOVW	R0, (R2)
	JMP	_rt0_arm64_linux(SB)
