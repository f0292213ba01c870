package alternatives

import (
	"strconv"
	"strings"
)

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
		r.err = &SyntaxError{File: r.file, Line: max(r.line, 1), Why: why}
	}
}

// next takes one line. ok is false at the end of the file and after an error. A last line without its newline is what a
// truncated file ends in, and is refused.
func (r *reader) next() (line string, ok bool) {
	if r.err != nil || r.rest == "" {
		return "", false
	}
	r.line++
	line, after, whole := strings.Cut(r.rest, "\n")
	r.rest = after
	if !whole {
		r.fail("unexpected end of file")
		return "", false
	}
	if strings.IndexByte(line, 0) >= 0 {
		r.fail("unexpected zero byte")
		return "", false
	}
	if r.trim {
		// chkconfig's parseLine skips leading white space.
		line = strings.TrimLeft(line, " \t\v\f\r")
	}
	return line, true
}

// must takes a line that has to be there.
func (r *reader) must() string {
	line, ok := r.next()
	if !ok {
		r.line++
		r.fail("unexpected end of file")
	}
	return line
}

func (r *reader) mustPath(what string) string {
	line := r.must()
	if !strings.HasPrefix(line, "/") {
		r.fail(what + " expected, found " + strconv.Quote(line))
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
		r.fail("auto or manual expected, found " + strconv.Quote(mode))
	}
	g.Link = r.mustPath("path of the leader link")
	for r.err == nil {
		name := r.must()
		if name == "" {
			return
		}
		if strings.ContainsRune(name, '/') {
			r.fail("name of a follower expected, found " + strconv.Quote(name))
		}
		g.checkNew(r, name)
		g.Followers = append(g.Followers, Follower{Name: name, Link: r.mustPath("path of the link " + name)})
	}
}

func (g *Group) checkNew(r *reader, name string) {
	for _, f := range g.Followers {
		if f.Name == name {
			r.fail("duplicate follower " + name)
		}
	}
}

// dpkgAlternatives reads alternatives up to the empty line that must end the file.
func (r *reader) dpkgAlternatives(g *Group) {
	for r.err == nil {
		path := r.must()
		if path == "" {
			if r.rest != "" {
				r.line++
				r.fail("text after the end")
			}
			return
		}
		r.checkPath(g, path)
		number := r.must()
		priority, err := strconv.Atoi(number)
		if err != nil {
			r.fail("priority expected, found " + strconv.Quote(number))
		}
		r.add(g, Alternative{Path: path, Priority: priority})
	}
}

// chkconfigAlternatives reads alternatives up to the end of the file; empty lines may follow (readConfig in alternatives.c
// skips them), nothing else.
func (r *reader) chkconfigAlternatives(g *Group) {
	for r.rest != "" && r.err == nil {
		path := r.must()
		if path == "" {
			break
		}
		r.checkPath(g, path)
		a := Alternative{Path: path}
		number := r.must()
		if rest, found := strings.CutPrefix(number, "@"); found {
			family, after, closed := strings.Cut(rest, "@")
			if !closed || family == "" {
				r.fail("family is not closed by @ in " + strconv.Quote(number))
			}
			a.Family, number = family, after
		}
		number, script, _ := strings.Cut(number, " ")
		priority, err := strconv.ParseInt(number, 0, 32)
		if err != nil {
			r.fail("priority expected, found " + strconv.Quote(number))
		}
		a.Priority, a.Initscript = int(priority), strings.TrimLeft(script, " \t\v\f\r")
		r.add(g, a)
	}
	for r.rest != "" && r.err == nil {
		if line := r.must(); line != "" {
			r.fail("unexpected text after an empty line: " + strconv.Quote(line))
		}
	}
	if len(g.Alternatives) == 0 {
		r.line++
		r.fail("unexpected end of file: no alternative")
	}
}

func (r *reader) checkPath(g *Group, path string) {
	if !strings.HasPrefix(path, "/") {
		r.fail("path of an alternative expected, found " + strconv.Quote(path))
	}
	if _, duplicate := g.Find(path); duplicate {
		r.fail("duplicate alternative " + path)
	}
}

// add reads an alternative's follower targets, one line for each follower of the group, and adds it.
func (r *reader) add(g *Group, a Alternative) {
	for range g.Followers {
		target := r.must()
		if target != "" && !strings.HasPrefix(target, "/") {
			r.fail("path of a follower or an empty line expected, found " + strconv.Quote(target))
		}
		a.Followers = append(a.Followers, target)
	}
	g.Alternatives = append(g.Alternatives, a)
}
