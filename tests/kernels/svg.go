package main

import (
	"fmt"
	"html"
	"strings"
)

// Sizes in pixels.
const (
	square    = 11  // side of one cell
	gap       = 2   // between the cells of one entry
	rowHeight = 32  // height of one state
	labels    = 170 // width of the states' names
	column    = 96  // width of one set of modules
	panelTop  = 58  // height of a kernel's panel above its first row
	margin    = 24
	top       = 96 // above the first panel
)

func panelWidth() int { return labels + column*len(moduleSets()) }

func panelHeight() int { return panelTop + rowHeight*len(states()) + margin }

// svg draws all cells: a panel for each kernel, two in a row. A panel contains an entry for each state and set of
// modules. An entry contains ten squares: a column for each privilege, with a writable root above and a read-only root
// below.
func (r report) svg() string {
	releases := r.releases()
	width := margin + 2*(panelWidth()+margin)
	height := top + (len(releases)+1)/2*panelHeight() + margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
<style>.nft{fill:#2b6cb0;stroke:#2b6cb0} .legacy{fill:#c05621;stroke:#c05621} .guess{fill-opacity:.2} .wrong{fill:#fff;stroke:#c00;stroke-width:2} .soft{fill:#666}</style>
<rect width="100%%" height="100%%" fill="#fff"/>
`, width, height, width, height)
	r.writeLegend(&b)
	for i, release := range releases {
		x, y := margin+i%2*(panelWidth()+margin), top+i/2*panelHeight()
		text(&b, x, y+16, `font-size="15" font-weight="bold"`, "Linux "+release)
		for j, b2 := range r.of(release) {
			at := x + labels + j*column
			text(&b, at, y+40, `class="soft"`, b2.column())
			for row, s := range states() {
				b2.draw(&b, at, y+panelTop+row*rowHeight, s.name)
			}
		}
		for row, s := range states() {
			text(&b, x, y+panelTop+row*rowHeight+square+5, "", s.name)
		}
	}
	text(&b, margin, height-12, `class="soft"`, r.summary())
	b.WriteString("</svg>\n")
	return b.String()
}

func (r report) writeLegend(b *strings.Builder) {
	text(b, margin, 28, `font-size="17" font-weight="bold"`, "The mode that a container's first call runs, by kernel, modules and state of the host")
	x := margin
	for _, l := range []struct{ class, text string }{
		{"nft", "nft, pinned"}, {"nft guess", "nft, not pinned"}, {"legacy", "legacy, pinned"},
		{"legacy guess", "legacy, not pinned"}, {"wrong", "against the contract"},
	} {
		drawSquare(b, x, 42, l.class)
		text(b, x+square+6, 52, "", l.text)
		x += 150
	}
	var names []string
	for _, p := range privileges() {
		names = append(names, string(p))
	}
	text(b, margin, 76, `class="soft"`, "Ten squares each: from left to right "+strings.Join(names, ", ")+"; root file system writable above, read-only below.")
}

// draw draws the cells of one state.
func (b *block) draw(to *strings.Builder, x, y int, state string) {
	drawn := false
	for i, k := range b.keys {
		if k.state != state {
			continue
		}
		drawn = true
		cx, cy := x, y
		for _, p := range privileges() {
			if p == k.privilege {
				break
			}
			cx += square + gap
		}
		if k.readOnly {
			cy += square + gap
		}
		drawSquare(to, cx, cy, b.class(i))
	}
	switch {
	case b.judged == nil:
		text(to, x, y+square+5, `class="soft"`, "not run")
	case !drawn:
		text(to, x+2*square, y+square+5, `class="soft"`, "-")
	}
}

// class returns the style of a cell.
func (b *block) class(i int) string {
	k, r := b.keys[i], b.results[i]
	switch {
	case !b.judged[k].right():
		return "wrong"
	case r.Pinned():
		return calledMode(r)
	}
	return calledMode(r) + " guess"
}

func drawSquare(b *strings.Builder, x, y int, class string) {
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`+"\n", class, x, y, square, square)
}

func text(b *strings.Builder, x, y int, attributes, content string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" %s>%s</text>`+"\n", x, y, attributes, html.EscapeString(content))
}
