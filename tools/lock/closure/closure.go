// Package closure finds everything that a set of packages needs, as the distribution's own program would choose it: apt, apk or
// dnf. The relations of .deb, .apk and .rpm differ in spelling, in how versions compare and in which of several providers is
// taken (Rules), and are the same in kind.
//
// Why no library: chainguard.dev/apko's pkg/apk solves for Alpine only, without backtracking, and brings OpenTelemetry, a Kubernetes
// client's logging and a container registry's into the module graph of whoever uses this one; pault.ag/go/debian parses and does not
// solve; bazeldnf (gophersat) minimises a sum of weights, which is some valid set and not the one dnf takes; libsolv and apt have no
// Go, and who makes a lock need not have Linux. What is left, ordered choices over unit propagation, is search.go. It is held
// to the real apt-get, dnf5 and apk by the tests beside tools/lock (docs/evidence.md has what was compared).
package closure

import (
	"fmt"
	"strings"
)

// Relation names a package or capability, with a bound on its version if Op is not empty.
type Relation struct {
	Name    string
	Op      string // "<", "<=", "=", ">=", ">", or Alpine's "~": equal as far as Version goes
	Version string
}

func (r Relation) String() string { return strings.TrimSpace(r.Name + " " + r.Op + " " + r.Version) }

// Package is one candidate.
type Package struct {
	Name         string
	Version      string
	Architecture string
	Rank         int          // smaller is preferred where several packages could serve
	Provides     []Relation   // beside its own name; Op "=" or "" for no version
	Requires     [][]Relation // each is satisfied by any one of its relations, the first of them preferred
	Conflicts    []Relation   // must not be served by any other selected package
	Obsoletes    []Relation   // the same, of packages' own names only
	Rich         []Expression // must hold among the selected packages
	Against      []Expression // must not hold
	// InstallIf brings the package in wherever all of it holds; of InstallUnless none may.
	InstallIf     []Relation
	InstallUnless []Relation
	// Odd says what about the index's entry is not understood. The package is then left out, and is an error where it is wanted.
	Odd  string
	File File
}

func (p *Package) String() string { return p.Name + " " + p.Version }

// File is what a lock says about a package's file.
type File struct {
	Suite  string
	Size   int64
	SHA256 string
	// Identity is what an index that has no SHA256 of the file says instead: Alpine's sum of the control stream.
	Identity string
	URLs     []string
}

// Expression is a boolean dependency of rpm, docs/manual/boolean_dependencies.md: a relation, or an operator over two or more.
type Expression struct {
	Operator string // "" for a relation, "and", "or", "if", "unless", "with", "without"
	Relation Relation
	Of       []Expression // "if" and "unless" have a third for "else"
}

func (e Expression) String() string {
	if e.Operator == "" {
		return e.Relation.String()
	}
	texts := make([]string, len(e.Of))
	for i, operand := range e.Of {
		texts[i] = operand.String()
	}
	if len(texts) == 3 && (e.Operator == "if" || e.Operator == "unless") {
		return fmt.Sprintf("(%s %s %s else %s)", texts[0], e.Operator, texts[1], texts[2])
	}
	return "(" + strings.Join(texts, " "+e.Operator+" ") + ")"
}
