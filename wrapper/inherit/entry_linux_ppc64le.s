#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 4 "wrapper/inherit/entry_linux_ppc64le.s"

// See entry_linux_amd64.s. System call numbers: arch/powerpc/kernel/syscalls/syscall.tbl. An error is told by the
// summary overflow bit. R13 (thread pointer) must reach the runtime as the kernel set it.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVD	$1, R14
action:
	MOVD	R14, R3
	MOVD	$0, R4
	MOVD	$·actions(SB), R5
	SLD	$5, R14, R7
	ADD	R7, R5
	MOVD	$8, R6
	SYSCALL	$173		// rt_sigaction
	ADD	$1, R14
	CMP	R14, $64
	BLE	action

	MOVD	$0, R3
	MOVD	$0, R4
	MOVD	$·blocked(SB), R5
	MOVD	$8, R6
	SYSCALL	$174		// rt_sigprocmask

	MOVD	$0, R14
descriptor:
	MOVD	R14, R3
	MOVD	$1, R4		// F_GETFD
	MOVD	$0, R15
	SYSCALL	$55		// fcntl
	BVC	open
	MOVD	$1, R15		// an error: closed
open:
	MOVD	$·closed(SB), R5
	SLD	$2, R14, R7
	ADD	R7, R5
	MOVW	R15, (R5)
	ADD	$1, R14
	CMP	R14, $3
	BLT	descriptor

	MOVD	$1, R3
	MOVD	$·recorded(SB), R5
	MOVW	R3, (R5)
	BR	_rt0_ppc64le_linux(SB)
