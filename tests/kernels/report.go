package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// report prints the results of the matrix for people to read.
type report struct {
	blocks  []*block
	skipped map[string]string // architectures that cannot be tested here, with the reason
}

// cells counts all cells, those that are right, and the side effects.
func (r report) cells() (all, right, sideEffects int) {
	for _, b := range r.blocks {
		for _, v := range b.judged {
			all++
			sideEffects += len(v.sideEffects)
			if v.right() {
				right++
			}
		}
	}
	return all, right, sideEffects
}

// summary returns the last line of the report.
func (r report) summary() string {
	all, right, sideEffects := r.cells()
	return fmt.Sprintf("%d cells, %d right, %d wrong, %d module or table side effects", all, right, all-right, sideEffects)
}

// releases returns the kernels, in order.
func (r report) releases() []string {
	var releases []string
	for _, b := range r.blocks {
		if !slices.Contains(releases, b.kernel.Release) {
			releases = append(releases, b.kernel.Release)
		}
	}
	return releases
}

// of returns the boots of a kernel.
func (r report) of(release string) []*block {
	return slices.DeleteFunc(slices.Clone(r.blocks), func(b *block) bool { return b.kernel.Release != release })
}

// writeText writes a table for each kernel, then the errors, then the summary.
func (r report) writeText(out io.Writer) error {
	fmt.Fprintln(out, "The mode that a container's first call ran as root with NET_ADMIN, and whether it was pinned. On amd64 each entry")
	fmt.Fprintln(out, "stands for eleven cells: the root file system writable and read-only, each as root with and without NET_ADMIN, as plain")
	fmt.Fprintln(out, "user, in a user namespace, and as user with ambient NET_ADMIN; and one of these in another network namespace than the")
	fmt.Fprintln(out, "host's. -: this kernel cannot be in that state, or it was not chosen.")
	for _, release := range r.releases() {
		fmt.Fprintf(out, "\nLinux %s\n", release)
		w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
		fmt.Fprint(w, "HOST")
		for _, b := range r.of(release) {
			fmt.Fprint(w, "\t", b.column())
		}
		fmt.Fprintln(w)
		for _, name := range append(stateNames(), handOver) {
			fmt.Fprint(w, name)
			for _, b := range r.of(release) {
				fmt.Fprint(w, "\t", b.entry(name))
			}
			fmt.Fprintln(w)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	if err := r.writeBoots(out); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, b := range r.blocks {
		b.writeWrong(out)
	}
	_, err := fmt.Fprintln(out, r.summary())
	return err
}

// writeBoots writes a line for each boot: kernel and image, how many cells were right, and the time.
func (r report) writeBoots(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "KERNEL\tARCHITECTURE\tBINARIES\tMODULES\tCELLS\tRIGHT\tSECONDS\tOF CPU")
	for _, b := range r.blocks {
		all, right, _ := report{blocks: []*block{b}}.cells()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%.0f\t%.0f\n", b.kernel.Release, b.machine, b.image.architecture, b.modules.name, all, right, b.took.Seconds(), b.cpu.Seconds())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(r.skipped)) {
		fmt.Fprintf(out, "SKIPPED: %s: %s\n", name, r.skipped[name])
	}
	return nil
}

func stateNames() []string {
	var names []string
	for _, s := range states() {
		names = append(names, s.name)
	}
	return names
}

// entry returns the text for the cells of one state.
func (b *block) entry(state string) string {
	text := "-"
	all, wrong := 0, 0
	if b.judged == nil {
		return "not run"
	}
	for i, k := range b.keys {
		if k.state != state {
			continue
		}
		all++
		if !b.judged[k].right() {
			wrong++
		}
		if k.privilege == plan.Admin && !k.readOnly && !k.otherNetwork && b.results[i].Failed == "" {
			if k.handOver {
				text = "exact"
				continue
			}
			text = calledMode(b.results[i])
			if b.results[i].Pinned() {
				text += ", pinned"
			}
		}
	}
	if wrong > 0 {
		text += fmt.Sprintf(" (%d OF %d WRONG)", wrong, all)
	}
	return text
}

// writeWrong writes the errors in the cells of a boot.
func (b *block) writeWrong(out io.Writer) {
	for _, k := range b.keys {
		v := b.judged[k]
		for _, line := range slices.Concat(v.wrong, v.sideEffects) {
			fmt.Fprintf(out, "WRONG: %s; %s: %s\n", b.name(), k, line)
		}
	}
}

// String describes the cell within a boot.
func (k key) String() string {
	return fmt.Sprintf("%s; %s; %s root; %s network namespace", k.state, k.privilege, k.root(), k.network())
}

func (k key) root() string {
	if k.readOnly {
		return "read-only"
	}
	return "writable"
}

func (k key) network() string {
	if k.otherNetwork {
		return "another"
	}
	return "the host's"
}
