package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A worldPackage is one version of a package in a random repository. The tests write it in each format.
type worldPackage struct {
	name, version string
	needs         [][]string // "name" or "name OP version"; each list contains alternatives
	provides      []string
	conflicts     []string
	obsoletes     []string
	installIf     []string
	priority      int  // the higher one is preferred
	second        bool // in the second of two repositories
}

// A world is a small repository and the wanted packages. No name is in two worlds, so that many worlds fit into one index.
type world struct {
	wanted   []string
	packages []worldPackage
}

func (w world) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "wanted %v\n", w.wanted)
	for _, p := range w.packages {
		fmt.Fprintf(&text, "%s %s: needs %v, provides %v, conflicts %v, obsoletes %v, install if %v, priority %d, second %v\n",
			p.name, p.version, p.needs, p.provides, p.conflicts, p.obsoletes, p.installIf, p.priority, p.second)
	}
	return text.String()
}

// kind describes what a format supports.
type kind struct {
	alternatives, obsoletes, installIf, rich bool
	twoArchives                              bool
	operators                                []string
}

// worlds returns the same worlds for the same seed.
func worlds(seed uint64, count int, k kind) []world {
	random := rand.New(rand.NewPCG(seed, 0))
	all := make([]world, count)
	for i := range all {
		all[i] = newWorld(random, fmt.Sprintf("w%d", i), k)
	}
	return all
}

// rich returns a boolean dependency. About one in four contains another.
func rich(random *rand.Rand, relation func() string) string {
	part := func() string {
		if random.IntN(4) == 0 {
			return rich(random, relation)
		}
		return relation()
	}
	switch random.IntN(6) {
	case 0:
		return "(" + part() + " if " + part() + ")"
	case 1:
		return "(" + part() + " if " + part() + " else " + part() + ")"
	case 2:
		return "(" + part() + " and " + part() + ")"
	case 3:
		return "(" + part() + " or " + part() + ")"
	case 4:
		return "(" + relation() + " with " + relation() + ")" // about one package
	default:
		return "(" + relation() + " without " + relation() + ")"
	}
}

func newWorld(random *rand.Rand, prefix string, k kind) world {
	chance := func(percent int) bool { return random.IntN(100) < percent }
	count := 4 + random.IntN(6)
	name := func() string { return fmt.Sprintf("%s%c", prefix, 'a'+rune(random.IntN(count))) }
	virtual := func() string { return fmt.Sprintf("%sv%d", prefix, random.IntN(3)) }
	relation := func() string {
		of := name()
		if chance(25) {
			of = virtual()
		}
		if chance(25) {
			of += fmt.Sprintf(" %s %d", k.operators[random.IntN(len(k.operators))], 1+random.IntN(3))
		}
		return of
	}
	w := world{wanted: []string{prefix + "a"}}
	if chance(40) {
		w.wanted = append(w.wanted, prefix+"b")
	}
	for n := range count {
		version := 1 + random.IntN(3)
		for range 1 + random.IntN(2) {
			p := worldPackage{name: fmt.Sprintf("%s%c", prefix, 'a'+rune(n)), version: fmt.Sprint(version)}
			p.second = k.twoArchives && chance(30)
			for range random.IntN(4) {
				need := []string{relation()}
				for k.alternatives && len(need) < 3 && chance(35) {
					need = append(need, relation())
				}
				if k.rich && chance(40) {
					need = []string{rich(random, relation)}
				}
				p.needs = append(p.needs, need)
			}
			if chance(35) {
				provided := virtual()
				if chance(50) {
					provided += fmt.Sprintf(" = %d", 1+random.IntN(3))
				}
				p.provides = append(p.provides, provided)
			}
			if chance(20) {
				p.conflicts = append(p.conflicts, relation())
			}
			if k.rich && chance(20) {
				p.conflicts = append(p.conflicts, "("+relation()+[]string{" and ", " unless "}[random.IntN(2)]+relation()+")")
			}
			if k.obsoletes && chance(10) {
				p.obsoletes = append(p.obsoletes, name())
			}
			if k.installIf && chance(20) {
				p.installIf = append(p.installIf, name(), name())
			}
			if chance(30) {
				p.priority = 1 + random.IntN(3)
			}
			w.packages = append(w.packages, p)
			if version++; chance(50) {
				version += 1
			}
		}
	}
	// A package that conflicts with its own name does not conflict with itself.
	for i := range w.packages {
		p := &w.packages[i]
		own := func(text string) bool { return strings.Fields(text)[0] == p.name }
		p.conflicts = slices.DeleteFunc(p.conflicts, own)
		p.obsoletes = slices.DeleteFunc(p.obsoletes, own)
		p.installIf = slices.DeleteFunc(p.installIf, own)
	}
	return w
}
