//go:build handover

#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 6 "wrapper/inherit/entry_linux_loong64.s"

// See entry_linux_amd64.s. System call numbers: include/uapi/asm-generic/unistd.h.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVV	0(R3), R12
	SLLV	$3, R12
	ADDV	R3, R12
	ADDV	$16, R12
	MOVV	$·envp(SB), R13
	MOVV	R12, (R13)
	MOVV	$'G', R15
	MOVV	$'O', R16
	MOVV	(R12), R13
	BEQ	R13, R0, signals
	MOVV	$·first(SB), R14
	MOVV	R13, (R14)
	MOVV	$·oneProcessor(SB), R13
hide:
	MOVV	R13, (R12)
next:
	ADDV	$8, R12
	MOVV	(R12), R13
	BEQ	R13, R0, signals
	MOVBU	0(R13), R14
	BNE	R14, R15, next
	MOVBU	1(R13), R14
	BNE	R14, R16, next
	ADDV	$1, R13
	JMP	hide

signals:
	MOVV	$runtime·sigtable(SB), R12
	MOVV	$65, R13
signal:
	MOVW	R0, (R12)
	ADDV	$24, R12
	ADDV	$-1, R13
	BNE	R13, R0, signal

descriptor:
	MOVV	$-100, R4		// AT_FDCWD
	MOVV	$·rootDir(SB), R5
	MOVV	$0x280000, R6		// O_PATH|O_CLOEXEC
	MOVV	$56, R11		// openat
	SYSCALL
	MOVV	$3, R12
	BLTU	R4, R12, descriptor
	MOVV	$57, R11		// close
	SYSCALL
	JMP	_rt0_loong64_linux(SB)
