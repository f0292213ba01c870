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
	fmt.Fprintln(w, "mode\trules\tdirect\tfloor\tfirst\tby rules\toverhead\tratio\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%.2f\t\n", r.mode, r.rules, milliseconds(r.direct), milliseconds(r.floor),
			milliseconds(r.first), milliseconds(r.guess), milliseconds(r.overhead()), r.first.Seconds()/r.direct.Seconds())
	}
	w.Flush()
	fmt.Print(`
Medians in milliseconds of "iptables -V".
direct    the mode's own binary
floor     through the wrapper when IPTABLES_WRAPPER_MODE says which mode: nothing is asked, nothing pinned
first     through the wrapper for the first time: decided by kubelet's chain, pinned
by rules  the same on a host without kubelet: decided by the number of rules
overhead  first - direct
`)
}

// chart draws two bars for each row, direct and first.
func chart(rows []row) string {
	const (
		bar, gap, left, width = 12, 14, 150, 480
		colourDirect          = "#9aa5b1"
		colourFirst           = "#2f6fab"
	)
	longest := time.Duration(1)
	for _, r := range rows {
		longest = max(longest, r.first, r.direct)
	}
	height := len(rows)*(2*bar+gap) + 50
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n",
		left+width+90, height)
	fmt.Fprintf(&b, `<text x="%d" y="16">iptables -V in ms: <tspan fill="%s">direct</tspan>, <tspan fill="%s">first call through the wrapper</tspan></text>`+"\n",
		left, colourDirect, colourFirst)
	y := 30
	for _, r := range rows {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s, %d rules</text>`+"\n", left-8, y+bar+4, r.mode, r.rules)
		for i, d := range []time.Duration{r.direct, r.first} {
			length := int(float64(width) * float64(d) / float64(longest))
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`, left, y+i*bar, length, bar-1, []string{colourDirect, colourFirst}[i])
			fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", left+length+5, y+i*bar+bar-2, milliseconds(d))
		}
		y += 2*bar + gap
	}
	b.WriteString("</svg>\n")
	return b.String()
}
