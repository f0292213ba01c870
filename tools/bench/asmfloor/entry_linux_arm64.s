#include "textflag.h"

// The stack holds argc, argv and a null pointer, the environment and a null pointer.
TEXT ·entry(SB),NOSPLIT|NOFRAME,$0
	MOVD	(RSP), R9		// argc
	MOVD	16(RSP), R0		// argv[1]
	MOVD	RSP, R10
	ADD	$24, R10, R1		// argv+2
	ADD	$16, R10, R10
	ADD	R9<<3, R10, R2		// the environment
	MOVD	$221, R8		// execve
	SVC
	MOVD	$127, R0
	MOVD	$94, R8			// exit_group
	SVC
