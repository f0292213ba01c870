//go:build !amd64

package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

var faulty map[string]bool

var errMachine = errors.New("faults can be injected on amd64 only")

func entered(int) (string, error) { return "", errMachine }

func skip(int) error { return errMachine }

func result(int, unix.Errno) error { return errMachine }
