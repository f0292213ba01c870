#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 4 "wrapper/inherit/entry_linux_386.s"

// See entry_linux_amd64.s. System call numbers: arch/x86/entry/syscalls/syscall_32.tbl.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVL	$1, DI
action:
	MOVL	DI, BX
	MOVL	$0, CX
	MOVL	DI, AX
	SHLL	$5, AX
	LEAL	·actions(SB), DX
	ADDL	AX, DX
	MOVL	$8, SI
	MOVL	$174, AX	// rt_sigaction
	INT	$0x80
	INCL	DI
	CMPL	DI, $64
	JLS	action

	MOVL	$0, BX
	MOVL	$0, CX
	LEAL	·blocked(SB), DX
	MOVL	$8, SI
	MOVL	$175, AX	// rt_sigprocmask
	INT	$0x80

	MOVL	$0, DI
descriptor:
	MOVL	DI, BX
	MOVL	$1, CX		// F_GETFD
	MOVL	$55, AX		// fcntl
	INT	$0x80
	SHRL	$31, AX		// negative: closed
	LEAL	·closed(SB), DX
	MOVL	AX, (DX)(DI*4)
	INCL	DI
	CMPL	DI, $3
	JLT	descriptor

	MOVL	$1, AX
	MOVL	AX, ·recorded(SB)
	JMP	_rt0_386_linux(SB)
