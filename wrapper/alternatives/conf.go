package alternatives

import "strings"

// ConfBinary returns what a configuration file of libalternatives (/usr/share/libalternatives/NAME/NUMBER.conf) runs: the
// value of its binary key, empty if there is none.
func ConfBinary(conf []byte) string {
	for line := range strings.Lines(string(conf)) {
		if key, value, found := strings.Cut(line, "="); found && strings.TrimSpace(key) == "binary" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// ConfWithBinary is the configuration file with another binary. All else stays as it was: group, which names the commands that
// must be switched together, and options, of which KeepArgv0 lets a multi-call binary see by which name it was called.
func ConfWithBinary(conf []byte, binary string) []byte {
	var b strings.Builder
	for line := range strings.Lines(string(conf)) {
		if key, _, found := strings.Cut(line, "="); found && strings.TrimSpace(key) == "binary" {
			line = "binary=" + binary + "\n"
		}
		b.WriteString(line)
	}
	return []byte(b.String())
}
