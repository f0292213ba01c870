package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// dimension is a property of a cell, such as the kernel or the privilege, with all of its values.
type dimension struct {
	name   string
	values []string
	of     func(*block, key) string // returns the value of a cell
}

// dimensions returns the six dimensions of the matrix on amd64. Their values come from this function and from the lists
// of module sets and states, not from the cells. So a value without a cell gives a pair without a cell.
func dimensions(releases []string) []dimension {
	var modules []string
	for _, m := range moduleSets() {
		modules = append(modules, m.name)
	}
	return []dimension{
		{"kernel", releases, func(b *block, _ key) string { return b.kernel.Release }},
		{"modules", modules, func(b *block, _ key) string { return b.modules.name }},
		{"host", stateNames(), func(_ *block, k key) string { return k.state }},
		{"root", []string{"writable", "read-only"}, func(_ *block, k key) string { return k.root() }},
		{
			"privilege",
			[]string{string(plan.Admin), string(plan.NoAdmin), string(plan.User), string(plan.UserNamespace), string(plan.Ambient)},
			func(_ *block, k key) string { return string(k.privilege) },
		},
		{"network namespace", []string{"the host's", "another"}, func(_ *block, k key) string { return k.network() }},
	}
}

// pair is a value of one dimension and a value of another, both by index.
type pair struct{ first, second, value, other int }

// covered returns a cell of the boots for each pair of values that has one.
func covered(all []*block, dims []dimension) map[pair]string {
	cells := map[pair]string{}
	for _, b := range all {
		_, keys := b.modules.cells(b.full(), func(string) bool { return true })
		for _, k := range keys {
			if k.handOver {
				continue
			}
			for p := range pairs(dims) {
				if cells[p] == "" && dims[p.first].of(b, k) == dims[p.first].values[p.value] && dims[p.second].of(b, k) == dims[p.second].values[p.other] {
					cells[p] = b.name() + "; " + k.String()
				}
			}
		}
	}
	return cells
}

// pairs yields every pair of values of two dimensions.
func pairs(dims []dimension) func(yield func(pair) bool) {
	return func(yield func(pair) bool) {
		for first := range dims {
			for second := first + 1; second < len(dims); second++ {
				for value := range dims[first].values {
					for other := range dims[second].values {
						if !yield(pair{first, second, value, other}) {
							return
						}
					}
				}
			}
		}
	}
}

// impossible returns true if no host has both values: rules in a mode whose modules do not exist.
func (p pair) impossible(dims []dimension) bool {
	if dims[p.first].name != "modules" || dims[p.second].name != "host" {
		return false
	}
	return !moduleSets()[p.value].can(states()[p.other])
}

// writePairs writes a line for each pair of values, with a cell that tests it. It returns an error if a pair has none.
func writePairs(out io.Writer, all []*block) error {
	dims := dimensions(report{blocks: all}.releases())
	cells := covered(all, dims)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "VALUE\tVALUE\tCELL")
	total, missing, impossible := 0, 0, 0
	for p := range pairs(dims) {
		total++
		cell := cells[p]
		switch {
		case cell != "":
		case p.impossible(dims):
			impossible++
			cell = "-: a mode without modules contains no rules"
		default:
			missing++
			cell = "NONE"
		}
		fmt.Fprintf(w, "%s: %s\t%s: %s\t%s\n", dims[p.first].name, dims[p.first].values[p.value], dims[p.second].name, dims[p.second].values[p.other], cell)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d pairs of values: %d tested, %d impossible, %d without a cell\n", total, total-impossible-missing, impossible, missing)
	if missing > 0 {
		return errors.New("pairs of values without a cell: choose all boots, or add cells in states.go")
	}
	return nil
}
