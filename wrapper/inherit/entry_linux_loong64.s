#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 4 "wrapper/inherit/entry_linux_loong64.s"

// See entry_linux_amd64.s. System call numbers: include/uapi/asm-generic/unistd.h.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVV	$1, R23
action:
	MOVV	R23, R4
	MOVV	$0, R5
	MOVV	$·actions(SB), R6
	SLLV	$5, R23, R12
	ADDV	R12, R6
	MOVV	$8, R7
	MOVV	$134, R11	// rt_sigaction
	SYSCALL
	ADDV	$1, R23
	MOVV	$64, R12
	BGE	R12, R23, action

	MOVV	$0, R4
	MOVV	$0, R5
	MOVV	$·blocked(SB), R6
	MOVV	$8, R7
	MOVV	$135, R11	// rt_sigprocmask
	SYSCALL

	MOVV	$0, R23
descriptor:
	MOVV	R23, R4
	MOVV	$1, R5		// F_GETFD
	MOVV	$25, R11	// fcntl
	SYSCALL
	SRLV	$63, R4, R4	// negative: closed
	MOVV	$·closed(SB), R6
	SLLV	$2, R23, R12
	ADDV	R12, R6
	MOVW	R4, (R6)
	ADDV	$1, R23
	MOVV	$3, R12
	BLT	R23, R12, descriptor

	MOVV	$1, R4
	MOVV	$·recorded(SB), R6
	MOVW	R4, (R6)
	JMP	_rt0_loong64_linux(SB)
