#include "textflag.h"
// Not external/REPOSITORY/..., as it is named in another module's build: see wrapper/paths.bzl.
#line 4 "wrapper/inherit/entry_linux_riscv64.s"

// See entry_linux_amd64.s. System call numbers: include/uapi/asm-generic/unistd.h.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOV	$1, S2
action:
	MOV	S2, A0
	MOV	$0, A1
	MOV	$·actions(SB), A2
	SLL	$5, S2, T0
	ADD	T0, A2
	MOV	$8, A3
	MOV	$134, A7	// rt_sigaction
	ECALL
	ADD	$1, S2
	MOV	$64, T0
	BGE	T0, S2, action

	MOV	$0, A0
	MOV	$0, A1
	MOV	$·blocked(SB), A2
	MOV	$8, A3
	MOV	$135, A7	// rt_sigprocmask
	ECALL

	MOV	$0, S2
descriptor:
	MOV	S2, A0
	MOV	$1, A1		// F_GETFD
	MOV	$25, A7		// fcntl
	ECALL
	SRL	$63, A0, A0	// negative: closed
	MOV	$·closed(SB), A2
	SLL	$2, S2, T0
	ADD	T0, A2
	MOVW	A0, (A2)
	ADD	$1, S2
	MOV	$3, T0
	BLT	S2, T0, descriptor

	MOV	$1, A0
	MOV	$·recorded(SB), A2
	MOVW	A0, (A2)
	JMP	_rt0_riscv64_linux(SB)
