#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 4 "wrapper/inherit/entry_linux_amd64.s"

// entry records signal actions, the signal mask and closed standard descriptors, then starts the Go runtime as if it
// had been the entry point itself. The stack holds argc and is left as it is; only registers that the runtime does not
// read are used. System call numbers: arch/x86/entry/syscalls/syscall_64.tbl.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVQ	$1, BX
action:
	MOVQ	BX, DI
	MOVQ	$0, SI
	MOVQ	BX, DX
	SHLQ	$5, DX
	LEAQ	·actions(SB), R8
	ADDQ	R8, DX
	MOVQ	$8, R10
	MOVQ	$13, AX		// rt_sigaction
	SYSCALL
	INCQ	BX
	CMPQ	BX, $64
	JLS	action

	MOVQ	$0, DI
	MOVQ	$0, SI
	LEAQ	·blocked(SB), DX
	MOVQ	$8, R10
	MOVQ	$14, AX		// rt_sigprocmask
	SYSCALL

	MOVQ	$0, BX
descriptor:
	MOVQ	BX, DI
	MOVQ	$1, SI		// F_GETFD
	MOVQ	$72, AX		// fcntl
	SYSCALL
	SHRQ	$63, AX		// negative: closed
	LEAQ	·closed(SB), R8
	MOVL	AX, (R8)(BX*4)
	INCQ	BX
	CMPQ	BX, $3
	JLT	descriptor

	MOVL	$1, ·recorded(SB)
	JMP	_rt0_amd64_linux(SB)
