package main

import (
	"errors"
	"strings"
)

// option is one option of a command: with a value, written "--name value" or "--name=value", or without.
type option struct {
	name  string
	value *string // nil for an option without a value
	set   *bool   // for an option without a value
}

// parse takes args apart. It does what package flag would do for these few options, without the 250 kB of reflection.
func parse(args []string, options ...option) error {
	for len(args) > 0 {
		name, value, hasValue := strings.Cut(args[0], "=")
		args = args[1:]
		o, ok := find(options, name)
		switch {
		case !ok:
			return errors.New("unexpected argument \"" + name + "\"")
		case o.value == nil && hasValue:
			return errors.New(name + " takes no value")
		case o.value == nil:
			*o.set = true
			continue
		case !hasValue && len(args) == 0:
			return errors.New(name + " needs a value")
		case !hasValue:
			value, args = args[0], args[1:]
		}
		*o.value = value
	}
	return nil
}

func find(options []option, name string) (option, bool) {
	for _, o := range options {
		if o.name == name {
			return o, true
		}
	}
	return option{}, false
}
