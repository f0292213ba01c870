// Package closure finds everything that a set of packages needs, with the choices of the distribution's own program: apt, apk
// or dnf. The relations of .deb, .apk and .rpm are of the same kind. They differ in spelling, in the order of versions, and in
// the choice among several providers (Rules).
//
// No library fits. chainguard.dev/apko's pkg/apk solves for Alpine only. Its module requires more than a hundred others
// (go-git, gRPC, OpenTelemetry, k8s.io/apimachinery), which would be in the module graph of every module that uses this one.
// pault.ag/go/debian reads Debian's formats and does not solve. bazeldnf uses gophersat, a SAT solver of 2023, to find any
// valid set, but a lock must contain the set that dnf selects. libsolv, apt and apk are not written in Go, and locks can be
// made on systems other than Linux.
//
// All three programs share only ordered choices over unit propagation, which is in search.go. Each distribution has its own
// order (Rules, libsolv.go, installif.go). The tests beside tools/lock compare it with the real apt-get (its solver 3.0, the
// default since apt 3.1), dnf5 and apk 3; docs/evidence.md lists what was compared. Image sets have a few hundred candidates
// and hardly any conflict, so the search does not learn clauses from conflicts.
package closure

import (
	"fmt"
	"strings"
)

// Relation is a package or capability. If Op is not empty, its version is limited.
type Relation struct {
	Name    string
	Op      string // "<", "<=", "=", ">=", ">", or Alpine's "~": equal in all parts that Version has
	Version string
}

func (r Relation) String() string { return strings.TrimSpace(r.Name + " " + r.Op + " " + r.Version) }

// Package is one candidate.
type Package struct {
	Name         string
	Version      string
	Architecture string
	Rank         int          // the package with the smaller rank is preferred if several could satisfy a need
	Provides     []Relation   // besides its own name; Op is "=", or "" for no version
	Requires     [][]Relation // at least one relation of each list must be satisfied; the first is preferred
	Conflicts    []Relation   // no other selected package may satisfy them
	Obsoletes    []Relation   // the same, but only for the names of packages
	Rich         []Expression // must be true for the selected packages
	Against      []Expression // must be false
	// The package is selected if all relations of InstallIf are satisfied and none of InstallUnless is.
	InstallIf     []Relation
	InstallUnless []Relation
	// Odd is the reason that the index's entry is not understood. The package is then excluded, and wanting it is an error.
	Odd  string
	File File
}

func (p *Package) String() string { return p.Name + " " + p.Version }

// File is the part of a lock that describes a package's file.
type File struct {
	Suite  string
	Size   int64
	SHA256 string
	// Identity is what an index without SHA256 contains instead: Alpine's sum of the control stream.
	Identity string
	URLs     []string
}

// Expression is a boolean dependency of rpm, docs/manual/boolean_dependencies.md: a relation, or an operator over two or more.
type Expression struct {
	Operator string // "" for a relation, "and", "or", "if", "unless", "with", "without"
	Relation Relation
	Of       []Expression // "if" and "unless" have a third one for "else"
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
