package main

import (
	"errors"
	"strings"
)

// parse takes args apart: options with a value, written "--name value" or "--name=value", and flags without. It does what
// package flag would do for these few, without the 250 kB of reflection.
func parse(args []string, options map[string]*string, flags map[string]*bool) error {
	for len(args) > 0 {
		name, value, hasValue := strings.Cut(args[0], "=")
		args = args[1:]
		option, flag := options[name], flags[name]
		switch {
		case option == nil && flag == nil:
			return errors.New("unexpected argument \"" + name + "\"")
		case flag != nil && hasValue:
			return errors.New(name + " takes no value")
		case flag != nil:
			*flag = true
			continue
		case !hasValue && len(args) == 0:
			return errors.New(name + " needs a value")
		case !hasValue:
			value, args = args[0], args[1:]
		}
		*option = value
	}
	return nil
}
