package machine

import (
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The values of the shared flags reach the command: repeated flags in their order, a reason with "=" in one piece.
func TestOptions(t *testing.T) {
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	o := AddFlags(flags, Usage{})
	missing := t.TempDir() + "/forky_s390x.tar"
	err := flags.Parse([]string{
		"--image=guest,layer", "--image", "second", "--only=trixie", "--only=forky", "--jobs=3", "--skipped=loong64=no kernel: a=b", "--kernel", missing,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Images, []string{"guest,layer", "second"}) || !slices.Equal(o.Only, []string{"trixie", "forky"}) || o.Jobs != 3 ||
		!maps.Equal(o.Skipped, map[string]string{"loong64": "no kernel: a=b"}) {
		t.Errorf("%+v", o)
	}
	if _, err := o.Kernels(); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("%v, want an error that names %s", err, missing)
	}
}

func TestSelects(t *testing.T) {
	for _, c := range []struct {
		texts []string
		name  string
		want  bool
	}{
		{nil, "Linux 6.12, amd64", true},
		{[]string{"6.12"}, "Linux 6.12, amd64", true},
		{[]string{"none", "amd64"}, "Linux 6.12, amd64", true},
		{[]string{"none", "s390x"}, "Linux 6.12, amd64", false},
	} {
		if got := Selects(c.texts, c.name); got != c.want {
			t.Errorf("%q select %q: %v, want %v", c.texts, c.name, got, c.want)
		}
	}
}
