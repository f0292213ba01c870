package closure_test

import (
	"cmp"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
)

func needs(names ...string) [][]closure.Relation {
	var all [][]closure.Relation
	for _, alternatives := range names {
		var any []closure.Relation
		for _, text := range strings.Split(alternatives, "|") {
			words := strings.Fields(text)
			r := closure.Relation{Name: words[0]}
			if len(words) == 3 {
				r.Op, r.Version = words[1], words[2]
			}
			any = append(any, r)
		}
		all = append(all, any)
	}
	return all
}

func combine(operator string, names ...string) closure.Expression {
	e := closure.Expression{Operator: operator}
	for _, name := range names {
		e.Of = append(e.Of, closure.Expression{Relation: closure.Relation{Name: name}})
	}
	return e
}

func byText(a, b string) (int, error) { return cmp.Compare(a, b), nil }

func TestResolve(t *testing.T) {
	for _, test := range []struct {
		name       string
		candidates []*closure.Package
		without    []string
		want       string // names, or the text of an error after "!"
	}{
		{"chain", []*closure.Package{
			{Name: "app", Requires: needs("lib")}, {Name: "lib", Requires: needs("base")}, {Name: "base"}, {Name: "other"},
		}, nil, "app base lib"},
		{"cycle", []*closure.Package{{Name: "app", Requires: needs("lib")}, {Name: "lib", Requires: needs("app")}}, nil, "app lib"},
		{"first alternative", []*closure.Package{{Name: "app", Requires: needs("b|a")}, {Name: "a"}, {Name: "b"}}, nil, "app b"},
		{"alternative already selected", []*closure.Package{
			{Name: "app", Requires: needs("a", "b|a")}, {Name: "a"}, {Name: "b"},
		}, nil, "a app"},
		{"alternative that does not exist", []*closure.Package{{Name: "app", Requires: needs("b|a")}, {Name: "a"}}, nil, "a app"},
		{"provider by rank", []*closure.Package{
			{Name: "app", Requires: needs("awk")},
			{Name: "a", Rank: 3, Provides: []closure.Relation{{Name: "awk"}}},
			{Name: "mawk", Rank: 0, Provides: []closure.Relation{{Name: "awk"}}},
		}, nil, "app mawk"},
		{"package of that name before a provider", []*closure.Package{
			{Name: "app", Requires: needs("awk")}, {Name: "awk", Rank: 3}, {Name: "mawk", Provides: []closure.Relation{{Name: "awk"}}},
		}, nil, "app awk"},
		{"newest of a name", []*closure.Package{
			{Name: "app", Requires: needs("lib >= 2")}, {Name: "lib", Version: "1"}, {Name: "lib", Version: "3"},
		}, nil, "app lib"},
		{"versioned capability", []*closure.Package{
			{Name: "app", Requires: needs("cap >= 2")},
			{Name: "old", Provides: []closure.Relation{{Name: "cap", Op: "=", Version: "1"}}},
			{Name: "verynew", Provides: []closure.Relation{{Name: "cap", Op: "=", Version: "2"}}},
		}, nil, "app verynew"},
		{"unversioned capability satisfies no bound", []*closure.Package{
			{Name: "app", Requires: needs("cap >= 2")}, {Name: "x", Provides: []closure.Relation{{Name: "cap"}}},
		}, nil, "!package app: needs [cap >= 2]"},
		{"unwanted", []*closure.Package{
			{Name: "app", Requires: needs("lib", "base")}, {Name: "lib", Requires: needs("more")}, {Name: "more"}, {Name: "base"},
		}, []string{"lib"}, "app base"},
		{"true condition that makes another true", []*closure.Package{
			{Name: "app", Requires: needs("lib"), Rich: []closure.Expression{
				combine("if", "more", "hook"), combine("if", "hook", "lib"),
			}},
			{Name: "lib"}, {Name: "hook"}, {Name: "more"},
		}, nil, "app hook lib more"},
		{"false condition", []*closure.Package{
			{Name: "app", Rich: []closure.Expression{combine("if", "hook", "lib")}}, {Name: "lib"}, {Name: "hook"},
		}, nil, "app"},
		{"conflict", []*closure.Package{
			{Name: "app", Requires: needs("lib"), Conflicts: []closure.Relation{{Name: "lib", Op: "<", Version: "2"}}}, {Name: "lib", Version: "1"},
		}, nil, "!package app: conflicts with lib < 2: lib 1 is needed too"},
		{"conflict with another version, and with itself", []*closure.Package{
			{Name: "app", Requires: needs("lib"), Conflicts: []closure.Relation{{Name: "lib", Op: "<", Version: "2"}, {Name: "app"}}}, {Name: "lib", Version: "3"},
		}, nil, "app lib"},
		{"bound on a version prefix", []*closure.Package{
			{Name: "app", Requires: needs("lib ~ 1.3")}, {Name: "lib", Version: "1.3.7"},
		}, nil, "app lib"},
		{"bound on a version prefix, in whole numbers", []*closure.Package{
			{Name: "app", Requires: needs("lib ~ 1.3")}, {Name: "lib", Version: "1.37"},
		}, nil, "!nothing in the index provides it"},
		{"odd and wanted", []*closure.Package{{Name: "app", Version: "1_", Odd: "version"}}, nil, "!package app: not in the index (the index's entry app 1_ is not understood: version)"},
		{"odd and needed", []*closure.Package{
			{Name: "app", Requires: needs("x")}, {Name: "x", Version: "1", Odd: "size"},
		}, nil, "!package app: needs [x]: nothing in the index provides it (the index's entry x 1 is not understood: size)"},
		{"odd and not needed", []*closure.Package{{Name: "app"}, {Name: "x", Odd: "magic"}}, nil, "app"},
		{"odd, and newer than the selected version", []*closure.Package{
			{Name: "app", Version: "1"}, {Name: "app", Version: "2", Odd: "size"},
		}, nil, "!package app: 1 may not be the newest: the index's entry app 2 is not understood: size"},
		{"odd, and older", []*closure.Package{{Name: "app", Version: "2"}, {Name: "app", Version: "1", Odd: "size"}}, nil, "app"},
		{"another alternative where the first cannot be installed", []*closure.Package{
			{Name: "app", Requires: needs("a|b")}, {Name: "a", Requires: needs("gone")}, {Name: "b"},
		}, nil, "app b"},
		{"another alternative where the first conflicts", []*closure.Package{
			{Name: "app", Requires: needs("a|b", "c")}, {Name: "a"}, {Name: "b"}, {Name: "c", Conflicts: needs("a")[0]},
		}, nil, "app b c"},
		{"no alternative can be installed", []*closure.Package{
			{Name: "app", Requires: needs("a|b")}, {Name: "a", Requires: needs("gone")}, {Name: "b", Requires: needs("gone")},
		}, nil, "!package app: needs [a b]: none of [a  b ] can be installed with the other packages: package a: needs [gone]: nothing in the index provides it"},
		{"missing", []*closure.Package{{Name: "app", Requires: needs("gone")}}, nil, "!nothing in the index provides it"},
		{"not in the index", nil, nil, "!package app: not in the index"},
		{"only provided", []*closure.Package{{Name: "x", Provides: []closure.Relation{{Name: "app"}}}}, nil, "!package app: not in the index"},
	} {
		t.Run(test.name, func(t *testing.T) {
			solver, err := closure.New(test.candidates, closure.Rules{Compare: byText})
			if err != nil {
				t.Fatal(err)
			}
			found, err := solver.Resolve([]string{"app"}, test.without)
			if wanted, fails := strings.CutPrefix(test.want, "!"); fails {
				if err == nil || !strings.Contains(err.Error(), wanted) {
					t.Fatalf("got %v, want an error with %q", err, wanted)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range found {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
