package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }

func printTable(rows []row) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "mode\trules\tdirect\t")
	for k := assembly; k < kinds; k++ {
		fmt.Fprintf(w, "+%s\t", k)
	}
	fmt.Fprintln(w, "override/go\tunpinned/go\tread-only/go\tpinning/go\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%d\t%s\t", r.mode, r.rules, milliseconds(r.median[direct]))
		for k := assembly; k < kinds; k++ {
			fmt.Fprintf(w, "%s\t", milliseconds(r.adds(k)))
		}
		fmt.Fprintf(w, "%.2f\t%.2f\t%.2f\t%.2f\t\n", r.ratio(override), r.ratio(unpinned), r.ratio(readOnly), r.ratio(pinning))
	}
	w.Flush()
	fmt.Print(`
Medians in milliseconds of "iptables -V": a direct call of the mode's binary, and what is added to it by
+assembly   a few instructions that execute the binary
+go         a static Go program that does no more
+override   the wrapper with IPTABLES_WRAPPER_MODE: it queries nothing and pins nothing
+unpinned   the wrapper decides by rule counts, and does not pin
+pinning    the first call of the wrapper: it decides by a kubelet chain, and pins
+read-only  the same in a read-only root file system, where it cannot pin
`)
}

// chart returns an SVG bar chart of the time that each kind of call adds to a direct call, for each row.
func chart(rows []row) string {
	const bar, gap, left, width = 14, 16, 190, 420
	shown := map[kind]string{assembly: "#c8ced6", goFloor: "#9aa5b1", unpinned: "#5b9bd0", pinning: "#2f6fab"}
	longest := time.Duration(1)
	for _, r := range rows {
		for k := range shown {
			longest = max(longest, r.adds(k))
		}
	}
	height := len(rows)*(len(shown)*bar+gap) + 40
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n",
		left+width+80, height)
	b.WriteString(`<text x="8" y="16">time added to "iptables -V", in ms</text>` + "\n")
	y := 30
	for _, r := range rows {
		for k := range kinds {
			colour, ok := shown[k]
			if !ok {
				continue
			}
			length := max(int(float64(width)*float64(r.adds(k))/float64(longest)), 1)
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s, %d rules: %s</text>`, left-8, y+bar-3, r.mode, r.rules, k)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`, left, y, length, bar-2, colour)
			fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", left+length+5, y+bar-3, milliseconds(r.adds(k)))
			y += bar
		}
		y += gap
	}
	b.WriteString("</svg>\n")
	return b.String()
}
