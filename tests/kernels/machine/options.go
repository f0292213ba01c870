package machine

import (
	"flag"
	"runtime"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
)

// Options are the values of the flags that every command with guests has: tests/kernels and tests/foreign.
type Options struct {
	Images  []string          // in the command's own format
	Only    []string          // parts of names; see Selects
	Jobs    int               // number of guests at a time
	Skipped map[string]string // architectures that cannot be tested, to the reason
	kernels []string
}

// Usage contains the help texts that differ between the commands, by flag.
type Usage struct{ Image, Kernel, Only string }

// AddFlags adds the flags to a command. Their values are in the result when flags.Parse returns.
func AddFlags(flags *flag.FlagSet, usage Usage) *Options {
	o := &Options{Skipped: map[string]string{}}
	flags.Func("image", usage.Image, Append(&o.Images))
	flags.Func("kernel", usage.Kernel, Append(&o.kernels))
	flags.IntVar(&o.Jobs, "jobs", runtime.NumCPU(), "`NUMBER` of guests at a time")
	flags.Func("only", usage.Only, Append(&o.Only))
	flags.Func("skipped", "`NAME=REASON` of an architecture that cannot be tested here, to be listed", func(value string) error {
		name, reason, _ := strings.Cut(value, "=")
		o.Skipped[name] = reason
		return nil
	})
	return o
}

// Append returns the function of a flag that can be repeated: it appends each value to the list.
func Append(list *[]string) func(value string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}

// Kernels reads the kernels. A file that unpack did not write is an error.
func (o *Options) Kernels() ([]*kernel.Kernel, error) {
	var kernels []*kernel.Kernel
	for _, name := range o.kernels {
		k, err := kernel.Read(name)
		if err != nil {
			return nil, err
		}
		kernels = append(kernels, k)
	}
	return kernels, nil
}

// Selects returns true if a name contains one of the texts, or if there are none.
func Selects(texts []string, name string) bool {
	return len(texts) == 0 || slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(name, text) })
}
