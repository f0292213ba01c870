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

// ConfWithBinary returns the configuration file with another binary. It keeps group and options. group names the commands that are
// switched together. The option KeepArgv0 lets a multi-call binary detect the name by which it was called.
func ConfWithBinary(conf []byte, binary string) []byte {
	return edit(conf, "binary", "binary="+binary+"\n")
}

// Override returns the number that an override file of libalternatives selects for a command name, 0 if none. Without an override
// the highest number is selected. `alts -n NAME -p NUMBER` writes the file, libalternatives.conf. A file of 1 kB or more is
// ignored, as libalternatives does (loadConfigData in libalternatives.c, parseConfigData in config_parser.c).
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

// WithoutOverride returns an override file without the entry of a name, as `alts -n NAME` leaves it.
func WithoutOverride(file []byte, name string) []byte { return edit(file, name, "") }

func setting(line string) (key, value string) {
	key, value, found := strings.Cut(line, "=")
	if !found {
		return "", ""
	}
	return strings.TrimSpace(key), strings.TrimSpace(value)
}

// edit replaces the lines that set key by another line.
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
