package alternatives

import (
	"strconv"
	"strings"
)

// ConfBinary returns the binary of a configuration file of libalternatives (/usr/share/libalternatives/NAME/NUMBER.conf), or "".
func ConfBinary(conf []byte) string {
	for line := range strings.Lines(string(conf)) {
		if key, value := setting(line); key == "binary" {
			return value
		}
	}
	return ""
}

// ConfWithBinary returns the configuration file with another binary. It keeps group, which names the commands that are switched
// together, and options, of which KeepArgv0 lets a multi-call binary see by which name it was called.
func ConfWithBinary(conf []byte, binary string) []byte {
	return edit(conf, "binary", "binary="+binary+"\n")
}

// Override returns the number that an override file of libalternatives (libalternatives.conf, written by `alts -n NAME -p
// NUMBER`) selects for a command name instead of the highest, 0 if none. A file of 1 kB or more is ignored, as
// libalternatives does (loadConfigData in libalternatives.c, parseConfigData in config_parser.c).
func Override(file []byte, name string) int {
	if len(file) >= 1<<10 {
		return 0
	}
	for line := range strings.Lines(string(file)) {
		key, value := setting(line)
		value, _, _ = strings.Cut(value, "#")
		if number, err := strconv.Atoi(strings.TrimSpace(value)); key == name && err == nil && number > 0 {
			return number
		}
	}
	return 0
}

// WithoutOverride is an override file without what it says of a name, as `alts -n NAME` leaves it.
func WithoutOverride(file []byte, name string) []byte { return edit(file, name, "") }

func setting(line string) (key, value string) {
	key, value, found := strings.Cut(line, "=")
	if !found {
		return "", ""
	}
	return strings.TrimSpace(key), strings.TrimSpace(value)
}

// edit puts another line in the place of those that set key.
func edit(file []byte, key, other string) []byte {
	var b strings.Builder
	for line := range strings.Lines(string(file)) {
		if k, _ := setting(line); k == key {
			line = other
		}
		b.WriteString(line)
	}
	return []byte(b.String())
}
