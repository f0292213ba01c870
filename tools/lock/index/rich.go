package index

import (
	"fmt"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
)

// rich is what a boolean dependency comes to.
type rich struct {
	requires    [][]closure.Relation
	conditional []closure.Condition
}

// parseRich parses the boolean dependencies that one level of brackets can say with one kind of operator (rpm,
// docs/manual/boolean_dependencies.md): "(a or b)", "(a and b)", "(a if b)". Others are an error: a guess could leave
// something out of an image.
func parseRich(text string) (rich, error) {
	inner, opens := strings.CutPrefix(text, "(")
	inner, closes := strings.CutSuffix(inner, ")")
	words := strings.Fields(inner)
	var operands []closure.Relation
	operator := ""
	for len(words) > 0 {
		end := slices.IndexFunc(words, isRichOperator)
		if end < 0 {
			end = len(words)
		}
		operand, err := richOperand(words[:end])
		if err != nil {
			return rich{}, fmt.Errorf("%s: %w", text, err)
		}
		operands = append(operands, operand)
		if words = words[end:]; len(words) == 0 {
			break
		}
		if operator != "" && operator != words[0] || len(words) == 1 {
			return rich{}, fmt.Errorf("%s: more than one kind of operator", text)
		}
		operator, words = words[0], words[1:]
	}
	switch {
	case !opens || !closes || len(operands) < 2:
	case operator == "or":
		return rich{requires: [][]closure.Relation{operands}}, nil
	case operator == "and":
		var all rich
		for _, operand := range operands {
			all.requires = append(all.requires, []closure.Relation{operand})
		}
		return all, nil
	case operator == "if" && len(operands) == 2:
		return rich{conditional: []closure.Condition{{If: operands[1], Then: operands[:1]}}}, nil
	}
	return rich{}, fmt.Errorf("%s: not a boolean dependency of or, and, if", text)
}

func isRichOperator(word string) bool {
	return slices.Contains([]string{"or", "and", "if", "else", "unless", "with", "without"}, word)
}

// richOperand parses "name" or "name >= version". Names have brackets of their own, in pairs: glibc(x86-64).
func richOperand(words []string) (closure.Relation, error) {
	text := strings.Join(words, " ")
	if text == "" || strings.HasPrefix(text, "(") || strings.Count(text, "(") != strings.Count(text, ")") {
		return closure.Relation{}, fmt.Errorf("operand %q: not a name", text)
	}
	if len(words) == 1 {
		return closure.Relation{Name: text}, nil
	}
	if len(words) != 3 || !slices.Contains([]string{"<", "<=", "=", ">=", ">"}, words[1]) {
		return closure.Relation{}, fmt.Errorf("operand %q: not a name and a version bound", text)
	}
	return closure.Relation{Name: words[0], Op: words[1], Version: words[2]}, nil
}
