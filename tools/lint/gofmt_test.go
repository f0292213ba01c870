package lint_test

import (
	"bytes"
	"go/format"
	"testing"
)

func TestGofmt(t *testing.T) {
	eachFile(t, checkout(t), ".go", func(path string, source []byte) {
		formatted, err := format.Source(source)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(source, formatted) {
			t.Errorf("%s: not as gofmt writes it; next: gofmt -w %[1]s", path)
		}
	})
}
