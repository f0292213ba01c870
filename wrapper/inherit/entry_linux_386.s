//go:build handover

#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 6 "wrapper/inherit/entry_linux_386.s"

// See entry_linux_amd64.s; 12 bytes an entry. System call numbers: arch/x86/entry/syscalls/syscall_32.tbl.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVL	0(SP), AX
	LEAL	8(SP)(AX*4), BX
	MOVL	BX, ·envp(SB)
	MOVL	(BX), CX
	CMPL	CX, $0
	JEQ	signals
	MOVL	CX, ·first(SB)
	LEAL	·oneProcessor(SB), CX
hide:
	MOVL	CX, (BX)
next:
	ADDL	$4, BX
	MOVL	(BX), CX
	CMPL	CX, $0
	JEQ	signals
	CMPB	(CX), $'G'
	JNE	next
	CMPB	1(CX), $'O'
	JNE	next
	INCL	CX
	JMP	hide

signals:
	LEAL	runtime·sigtable(SB), BX
	MOVL	$65, CX
signal:
	MOVL	$0, (BX)
	ADDL	$12, BX
	DECL	CX
	JNE	signal

descriptor:
	MOVL	$-100, BX		// AT_FDCWD
	LEAL	·rootDir(SB), CX
	MOVL	$0x280000, DX		// O_PATH|O_CLOEXEC
	MOVL	$295, AX		// openat
	INT	$0x80
	CMPL	AX, $3
	JCS	descriptor
	MOVL	AX, BX
	MOVL	$6, AX			// close
	INT	$0x80
	JMP	_rt0_386_linux(SB)
