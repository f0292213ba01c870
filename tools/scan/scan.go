package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// scan returns the distribution packages that syft finds in an image, as sorted NAME@VERSION.
func scan(syft, image string) ([]string, error) {
	command := exec.Command(syft, "scan", "--quiet", "--select-catalogers", "os", "--output", "syft-json", "oci-dir:"+image)
	command.Env = append(os.Environ(), "SYFT_CHECK_FOR_APP_UPDATE=false")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("syft: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var report struct {
		Artifacts []struct{ Name, Version string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("syft: %w", err)
	}
	var found []string
	for _, artifact := range report.Artifacts {
		found = append(found, artifact.Name+"@"+artifact.Version)
	}
	slices.Sort(found)
	return found, nil
}

// differences lists packages that are only in want with a minus sign, and packages that are only in found with a plus
// sign. It also reports if iptables is missing, because every image contains it.
func differences(want, found []string) []string {
	var differs []string
	for _, name := range want {
		if !slices.Contains(found, name) {
			differs = append(differs, "-"+name)
		}
	}
	for _, name := range found {
		if !slices.Contains(want, name) {
			differs = append(differs, "+"+name)
		}
	}
	if len(found) != len(want) && len(differs) == 0 {
		differs = append(differs, "some twice")
	}
	if iptables(found) == "" {
		differs = append(differs, "no iptables")
	}
	return differs
}

// iptables returns the iptables packages: one, or one for each mode.
func iptables(found []string) string {
	var names []string
	for _, name := range found {
		if strings.HasPrefix(name, "iptables@") || strings.HasPrefix(name, "iptables-") {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}
