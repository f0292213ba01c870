package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
)

func printTable(findings []finding, wrong []string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "IMAGE\tROOT\tPROGRAM, STARTED\tBEFORE THE CHAIN\tCALLS SINCE\tMODE SINCE\tIPTABLES LEADS TO\tINIT CONTAINER\t")
	for _, f := range findings {
		root, started := "writable", "agent, by kubelet"
		if f.container.readOnly {
			root = "read-only"
		}
		if f.container.early {
			started = "agent, before kubelet"
		}
		result, calls := "ok", fmt.Sprint(f.calls)
		if f.container.proxy {
			started, calls = "kube-proxy, by kubelet", "-"
		}
		if f.container.example != "" {
			started, calls = f.container.example+", by kubelet", "-"
		}
		if len(f.wrong) > 0 {
			result = "WRONG"
			wrong = append(wrong, f.summary()...)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.container.image.name, root, started,
			list(f.before), calls, list(f.used), f.leadsTo, f.init, result)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, line := range wrong {
		fmt.Println("WRONG:", line)
	}
	fmt.Println()
	if len(wrong) > 0 {
		return errDiffers
	}
	return nil
}

// summary returns the first differences, which are sufficient.
func (f *finding) summary() (lines []string) {
	for i, line := range f.wrong {
		if i == 3 {
			lines = append(lines, fmt.Sprintf("%s: and %d more", f.container.name(), len(f.wrong)-i))
			break
		}
		lines = append(lines, f.container.name()+": "+line)
	}
	return lines
}

func list(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ", ")
}
