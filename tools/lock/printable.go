package main

import (
	"strconv"
	"strings"
	"unicode"
)

// printableError is an error on one line, without characters that control a terminal. Errors quote what a mirror sent, and
// .ci/relock writes them into a pull request.
type printableError struct{ error }

func printable(err error) error {
	if err == nil {
		return nil
	}
	return printableError{err}
}

func (e printableError) Error() string {
	var out strings.Builder
	for _, c := range e.error.Error() {
		if unicode.IsPrint(c) {
			out.WriteRune(c)
		} else {
			out.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	return out.String()
}

func (e printableError) Unwrap() error { return e.error }
