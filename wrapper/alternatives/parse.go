package alternatives

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// maxEntries limits the followers and the alternatives of a group. The group iptables has five followers. The largest groups of
// any distribution, Java's, have a few dozen.
const maxEntries = 100

// blank is the white space of chkconfig's parseLine.
const blank = " \t\v\f\r"

// reader reads a state file line by line and stops at the first error.
type reader struct {
	file string
	rest string
	line int  // number of the last line that was read
	trim bool // leading white space
	err  error
}

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = errors.New(r.file + ": line " + strconv.Itoa(max(r.line, 1)) + ": " + why)
	}
}

// quote returns a line of the file for an error message. A damaged file may contain long lines.
func quote(line string) string { return strconv.Quote(line[:min(len(line), 80)]) }

// must returns the next line, which must exist. A last line without a newline is refused: the file was truncated.
func (r *reader) must() string {
	if r.err != nil {
		return ""
	}
	r.line++
	line, after, whole := strings.Cut(r.rest, "\n")
	r.rest = after
	if !whole {
		r.fail("unexpected end of file")
	}
	if strings.IndexByte(line, 0) >= 0 {
		r.fail("unexpected zero byte")
	}
	if r.trim {
		line = strings.TrimLeft(line, blank)
	}
	return line
}

// path returns the next line, which must be an absolute path or, if optional, may be empty.
func (r *reader) path(what string, optional bool) string {
	line := r.must()
	if !strings.HasPrefix(line, "/") && (line != "" || !optional) {
		r.fail(what + " expected, found " + quote(line))
	}
	return line
}

// another checks whether a group may get one more entry: a follower or an alternative (kind) called name. It has n of that kind.
func (r *reader) another(kind, name string, n int, duplicate bool) {
	if n == maxEntries {
		r.fail("more than " + strconv.Itoa(maxEntries) + " " + kind + "s")
	}
	if duplicate {
		r.fail("duplicate " + kind + " " + quote(name))
	}
}

// header reads up to the empty line before the alternatives. Both grammars have the same header.
func (r *reader) header(g *Group) {
	switch mode := r.must(); mode {
	case "auto":
	case "manual":
		g.Manual = true
	default:
		r.fail("auto or manual expected, found " + quote(mode))
	}
	g.Link = r.path("path of the leader link", false)
	for r.err == nil {
		name := r.must()
		if name == "" {
			return
		}
		if strings.ContainsRune(name, '/') {
			r.fail("name of a follower expected, found " + quote(name))
		}
		r.another("follower", name, len(g.Followers), g.Has(name))
		g.Followers = append(g.Followers, Follower{Name: name, Link: r.path("path of the link of "+quote(name), false)})
	}
}

// alternatives reads the rest of the file. dpkg's file ends with one empty line. chkconfig's file may contain any number:
// readConfig in its alternatives.c skips empty lines.
func (r *reader) alternatives(g *Group) {
	dpkg := g.Format == Dpkg
	for r.err == nil && (dpkg || r.rest != "") {
		path := r.path("path of an alternative", true)
		if path == "" {
			break
		}
		duplicate := slices.ContainsFunc(g.Alternatives, func(a Alternative) bool { return a.Path == path })
		r.another("alternative", path, len(g.Alternatives), duplicate)
		a := Alternative{Path: path, Targets: make(map[string]string, len(g.Followers))}
		number, base := r.must(), 10
		if !dpkg {
			number, base = r.extras(&a, number), 0
		}
		priority, err := strconv.ParseInt(number, base, 32)
		if err != nil {
			r.fail("priority expected, found " + quote(number))
		}
		a.Priority = int(priority)
		for _, f := range g.Followers {
			a.Targets[f.Name] = r.path("path of a follower or an empty line", true)
		}
		g.Alternatives = append(g.Alternatives, a)
	}
	for r.rest != "" && r.err == nil {
		if line := r.must(); line != "" || dpkg {
			r.fail("unexpected text after the end: " + quote(line))
		}
	}
	if !dpkg && len(g.Alternatives) == 0 {
		r.line++
		r.fail("unexpected end of file: no alternative")
	}
}

// extras reads the line that contains the priority in chkconfig's grammar. It stores family and initscript in a, and returns the
// text of the priority.
func (r *reader) extras(a *Alternative, text string) (number string) {
	if rest, found := strings.CutPrefix(text, "@"); found {
		family, after, closed := strings.Cut(rest, "@")
		if !closed || family == "" {
			r.fail("family is not closed by @ in " + quote(text))
		}
		a.Family, text = "@"+family+"@", after
	}
	number, script, _ := strings.Cut(text, " ")
	if script = strings.TrimLeft(script, blank); script != "" {
		a.Initscript = " " + script
	}
	return number
}

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
	var b strings.Builder
	for line := range strings.Lines(string(conf)) {
		if key, _ := setting(line); key == "binary" {
			line = "binary=" + binary + "\n"
		}
		b.WriteString(line)
	}
	return []byte(b.String())
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

func setting(line string) (key, value string) {
	key, value, found := strings.Cut(line, "=")
	if !found {
		return "", ""
	}
	return strings.TrimSpace(key), strings.TrimSpace(value)
}
