//go:build handover

#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 6 "wrapper/inherit/entry_linux_riscv64.s"

// See entry_linux_amd64.s. System call numbers: include/uapi/asm-generic/unistd.h.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOV	0(X2), T0
	SLL	$3, T0
	ADD	X2, T0
	ADD	$16, T0
	MOV	$·envp(SB), T1
	MOV	T0, (T1)
	MOV	$'G', A3
	MOV	$'O', A4
	MOV	(T0), T1
	BEQZ	T1, signals
	MOV	$·first(SB), T2
	MOV	T1, (T2)
	MOV	$·oneProcessor(SB), T1
hide:
	MOV	T1, (T0)
next:
	ADD	$8, T0
	MOV	(T0), T1
	BEQZ	T1, signals
	MOVBU	0(T1), T2
	BNE	T2, A3, next
	MOVBU	1(T1), T2
	BNE	T2, A4, next
	ADD	$1, T1
	JMP	hide

signals:
	MOV	$runtime·sigtable(SB), T0
	MOV	$65, T1
signal:
	MOVW	ZERO, (T0)
	ADD	$24, T0
	ADD	$-1, T1
	BNEZ	T1, signal

descriptor:
	MOV	$-100, A0		// AT_FDCWD
	MOV	$·rootDir(SB), A1
	MOV	$0x280000, A2		// O_PATH|O_CLOEXEC
	MOV	$56, A7			// openat
	ECALL
	MOV	$3, T0
	BLTU	A0, T0, descriptor
	MOV	$57, A7			// close
	ECALL
	JMP	_rt0_riscv64_linux(SB)
