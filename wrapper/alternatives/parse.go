package alternatives

import (
	"errors"
	"strconv"
	"strings"
)

// maxEntries bounds the followers of a group, and its alternatives. iptables has five and a handful; the largest groups of
// any distribution, Java's, have a few dozen.
const maxEntries = 100

// reader takes a state file line by line and stops at the first error.
type reader struct {
	file string
	rest string
	line int // number of the line last taken
	trim bool
	err  error
}

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = errors.New(r.file + ": line " + strconv.Itoa(max(r.line, 1)) + ": " + why)
	}
}

// quote shows a line of the file, of which a damaged one may have very long ones.
func quote(line string) string {
	if len(line) > 80 {
		return strconv.Quote(line[:80]) + "..."
	}
	return strconv.Quote(line)
}

// must takes a line that has to be there. A last line without its newline is what a truncated file ends in, and is refused.
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
		// chkconfig's parseLine skips leading white space.
		line = strings.TrimLeft(line, " \t\v\f\r")
	}
	return line
}

func (r *reader) mustPath(what string) string {
	line := r.must()
	if !strings.HasPrefix(line, "/") {
		r.fail(what + " expected, found " + quote(line))
	}
	return line
}

// header reads up to the empty line before the alternatives, the same in both grammars.
func (r *reader) header(g *Group) {
	switch mode := r.must(); mode {
	case "auto":
	case "manual":
		g.Manual = true
	default:
		r.fail("auto or manual expected, found " + quote(mode))
	}
	g.Link = r.mustPath("path of the leader link")
	for r.err == nil {
		name := r.must()
		if name == "" {
			return
		}
		if strings.ContainsRune(name, '/') {
			r.fail("name of a follower expected, found " + quote(name))
		}
		if len(g.Followers) == maxEntries {
			r.fail("more than " + strconv.Itoa(maxEntries) + " followers")
		}
		if g.Has(name) {
			r.fail("duplicate follower " + quote(name))
		}
		g.Followers = append(g.Followers, Follower{Name: name, Link: r.mustPath("path of the link of " + quote(name))})
	}
}

// alternatives reads the rest of the file. dpkg's ends with one empty line, chkconfig's anyhow: readConfig in its
// alternatives.c skips empty lines.
func (r *reader) alternatives(g *Group) {
	dpkg := g.Format == Dpkg
	for r.err == nil && (dpkg || r.rest != "") {
		path := r.must()
		if path == "" {
			break
		}
		if len(g.Alternatives) == maxEntries {
			r.fail("more than " + strconv.Itoa(maxEntries) + " alternatives")
		}
		if !strings.HasPrefix(path, "/") {
			r.fail("path of an alternative expected, found " + quote(path))
		}
		if _, duplicate := g.Find(path); duplicate {
			r.fail("duplicate alternative " + quote(path))
		}
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
			target := r.must()
			if target != "" && !strings.HasPrefix(target, "/") {
				r.fail("path of a follower or an empty line expected, found " + quote(target))
			}
			a.Targets[f.Name] = target
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

// extras takes what chkconfig may have around a priority: "@family@10 initscript".
func (r *reader) extras(a *Alternative, text string) (number string) {
	if rest, found := strings.CutPrefix(text, "@"); found {
		family, after, closed := strings.Cut(rest, "@")
		if !closed || family == "" {
			r.fail("family is not closed by @ in " + quote(text))
		}
		a.Family, text = family, after
	}
	number, script, _ := strings.Cut(text, " ")
	a.Initscript = strings.TrimLeft(script, " \t\v\f\r")
	return number
}
