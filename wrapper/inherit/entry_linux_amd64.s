//go:build handover

#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 6 "wrapper/inherit/entry_linux_amd64.s"

// entry prepares the process for the Go runtime and then starts the runtime (see inherit_linux.go for the reasons):
// it records the address of envp, replaces the first environment variable, hides the others that begin with GO, clears the flags
// of all 65 entries of runtime.sigtable (24 bytes each), and occupies closed standard descriptors. The stack stays as it is, except
// for these variables. System call numbers: arch/x86/entry/syscalls/syscall_64.tbl.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVQ	0(SP), AX
	LEAQ	16(SP)(AX*8), BX
	MOVQ	BX, ·envp(SB)
	MOVQ	(BX), CX
	CMPQ	CX, $0
	JEQ	signals
	MOVQ	CX, ·first(SB)
	LEAQ	·oneProcessor(SB), CX
hide:
	MOVQ	CX, (BX)
next:
	ADDQ	$8, BX
	MOVQ	(BX), CX
	CMPQ	CX, $0
	JEQ	signals
	CMPB	(CX), $'G'
	JNE	next
	CMPB	1(CX), $'O'
	JNE	next
	INCQ	CX
	JMP	hide

signals:
	LEAQ	runtime·sigtable(SB), BX
	MOVQ	$65, CX
signal:
	MOVL	$0, (BX)
	ADDQ	$24, BX
	DECQ	CX
	JNE	signal

descriptor:
	MOVQ	$-100, DI		// AT_FDCWD
	LEAQ	·rootDir(SB), SI
	MOVQ	$0x280000, DX		// O_PATH|O_CLOEXEC
	MOVQ	$257, AX		// openat
	SYSCALL
	CMPQ	AX, $3
	JCS	descriptor
	MOVQ	AX, DI
	MOVQ	$3, AX			// close
	SYSCALL
	JMP	_rt0_amd64_linux(SB)
