package closure

import (
	"fmt"
	"slices"
)

// part is one clause of an expression in conjunctive normal form: if all packages in the field all are selected, one of
// those in the field then must be selected, too.
type part struct {
	all  []*Package
	then []*Package
}

// maxParts limits the number of parts of an expression.
const maxParts = 10000

// relations returns the relations of an expression that is a relation, or "or" over relations.
func (e Expression) relations() []Relation {
	if e.Operator == "" {
		return []Relation{e.Relation}
	}
	var all []Relation
	for _, operand := range e.Of {
		all = append(all, operand.relations()...)
	}
	return all
}

// normal returns the conjunctive normal form of an expression or, if holds is false, of its negation. (rpm: "(a if b)" is a or
// not b, "(a unless b)" is a and not b. "else" is the operand for the other case. "with" and "without" are about one package.)
func (s *Solver) normal(e Expression, holds bool) ([]part, error) {
	switch e.Operator {
	case "", "with", "without":
		found, err := s.matching(e)
		if err != nil {
			return nil, err
		}
		if holds {
			return []part{{then: found}}, nil
		}
		var none []part
		for _, p := range found {
			none = append(none, part{all: []*Package{p}})
		}
		return none, nil
	case "and", "or":
		return s.combine(e.Of, (e.Operator == "and") == holds, holds)
	}
	if len(e.Of) < 2 || e.Operator != "if" && e.Operator != "unless" {
		return nil, fmt.Errorf("%s: unknown operator", e)
	}
	then, condition := e.Of[0], e.Of[1]
	// With "else", the condition selects one of both: (then or not condition) and (else or condition).
	met, unmet := true, false
	if e.Operator == "unless" {
		met, unmet = false, true
	}
	switch {
	case len(e.Of) == 2 && e.Operator == "if":
		return s.pair(then, holds, condition, !holds, !holds)
	case len(e.Of) == 2:
		return s.pair(then, holds, condition, !holds, holds)
	}
	first, err := s.pair(then, holds, condition, !met, false)
	if err != nil {
		return nil, err
	}
	second, err := s.pair(e.Of[2], holds, condition, !unmet, false)
	return append(first, second...), err
}

// pair combines two expressions or their negations by "and" or by "or".
func (s *Solver) pair(a Expression, aHolds bool, b Expression, bHolds, and bool) ([]part, error) {
	first, err := s.normal(a, aHolds)
	if err != nil {
		return nil, err
	}
	second, err := s.normal(b, bHolds)
	if err != nil || and {
		return append(first, second...), err
	}
	return multiply(first, second)
}

func (s *Solver) combine(of []Expression, and, holds bool) ([]part, error) {
	var all []part
	for i, operand := range of {
		parts, err := s.normal(operand, holds)
		if err != nil {
			return nil, err
		}
		if i == 0 || and {
			all = append(all, parts...)
		} else if all, err = multiply(all, parts); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func multiply(first, second []part) ([]part, error) {
	if len(first)*len(second) > maxParts {
		return nil, fmt.Errorf("a boolean dependency of more than %d parts", maxParts)
	}
	var all []part
	for _, a := range first {
		for _, b := range second {
			all = append(all, part{slices.Concat(a.all, b.all), slices.Concat(a.then, b.then)})
		}
	}
	return all, nil
}

// matching returns the packages for which an expression about one package is true.
func (s *Solver) matching(e Expression) ([]*Package, error) {
	switch e.Operator {
	case "":
		return s.providing(e.Relation)
	case "or":
		var all []*Package
		for _, operand := range e.Of {
			found, err := s.matching(operand)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		return all, nil
	case "with", "without":
		all, err := s.matching(e.Of[0])
		for _, operand := range e.Of[1:] {
			if err != nil {
				return nil, err
			}
			var found []*Package
			found, err = s.matching(operand)
			all = slices.DeleteFunc(all, func(p *Package) bool {
				return slices.Contains(found, p) != (e.Operator == "with")
			})
		}
		return all, err
	}
	return nil, fmt.Errorf("%s: not about one package, which %q inside \"with\" and \"without\" would have to be", e, e.Operator)
}
