package main

import (
	"fmt"
	"strings"
)

// table renders the rows for README.md.
func table(rows []row) []byte {
	var text strings.Builder
	text.WriteString("| distribution | supported | image indexes | architectures |\n|---|---|---|---|\n")
	for _, r := range rows {
		var images []string
		for _, variant := range r.Variants {
			images = append(images, fmt.Sprintf("`//images/%s:%s`", variant, r.Release))
		}
		architectures := strings.Join(r.Architectures, ", ")
		if !r.Locked {
			architectures += fmt.Sprintf("; skipped until locked: `./bazelw run //tools/lock -- %s %s`", r.Distro, r.Release)
		}
		supported := "until " + r.End
		switch {
		case !r.Supported:
			supported = "**ended** " + r.End
		case r.End == "":
			supported = "yes"
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", r.Title, supported, strings.Join(images, ", "), architectures)
	}
	return []byte(text.String())
}
