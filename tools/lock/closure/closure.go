// Package closure finds everything that a set of packages needs, as the distribution's own program would choose it: apt, apk or
// dnf. The relations of .deb, .apk and .rpm differ in spelling, in how versions compare and in which of several providers is
// taken (Rules), and are the same in kind.
//
// Why no library: chainguard.dev/apko's pkg/apk solves for Alpine only, and its module requires more than a hundred others (go-git,
// gRPC, OpenTelemetry, k8s.io/apimachinery), which would be in the module graph of whoever uses this one. pault.ag/go/debian reads
// Debian's formats and does not solve. bazeldnf asks gophersat, a SAT solver of 2023, for a valid set, where a lock has to have the
// one that dnf takes. libsolv, apt and apk themselves have no Go, and who makes a lock need not have Linux. What all of them share is
// little: ordered choices over unit propagation, search.go. The order is each distribution's own (Rules, libsolv.go, installif.go),
// and is held to the real apt-get (its solver 3.0, the default since apt 3.1), dnf5 and apk 3 by the tests beside tools/lock;
// docs/evidence.md has what was compared. Image sets have a few hundred candidates and hardly a conflict, so nothing is learned
// from one.
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
