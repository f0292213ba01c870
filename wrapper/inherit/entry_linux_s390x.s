#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 4 "wrapper/inherit/entry_linux_s390x.s"

// See entry_linux_amd64.s. System call numbers: arch/s390/kernel/syscalls/syscall.tbl.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVD	$1, R6
action:
	MOVD	R6, R2
	MOVD	$0, R3
	MOVD	$·actions(SB), R4
	SLD	$5, R6, R7
	ADD	R7, R4
	MOVD	$8, R5
	MOVD	$174, R1	// rt_sigaction
	SYSCALL
	ADD	$1, R6
	CMPBLE	R6, $64, action

	MOVD	$0, R2
	MOVD	$0, R3
	MOVD	$·blocked(SB), R4
	MOVD	$8, R5
	MOVD	$175, R1	// rt_sigprocmask
	SYSCALL

	MOVD	$0, R6
descriptor:
	MOVD	R6, R2
	MOVD	$1, R3		// F_GETFD
	MOVD	$55, R1		// fcntl
	SYSCALL
	SRD	$63, R2, R2	// negative: closed
	MOVD	$·closed(SB), R4
	SLD	$2, R6, R7
	ADD	R7, R4
	MOVW	R2, (R4)
	ADD	$1, R6
	CMPBLT	R6, $3, descriptor

	MOVD	$1, R2
	MOVD	$·recorded(SB), R4
	MOVW	R2, (R4)
	BR	_rt0_s390x_linux(SB)
