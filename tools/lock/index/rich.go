package index

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
)

// parseRich parses a boolean dependency (rpm, docs/manual/boolean_dependencies.md). An operand is a relation, or an expression
// in brackets. One pair of brackets contains one kind of operator, except for "else".
func parseRich(text string) (closure.Expression, error) {
	r := &richReader{rest: text}
	expression, err := r.group()
	if err == nil && strings.TrimSpace(r.rest) != "" {
		err = fmt.Errorf("%q after its end", r.rest)
	}
	if err != nil {
		return closure.Expression{}, fmt.Errorf("%s: not a boolean dependency: %w", text, err)
	}
	return expression, nil
}

// maxRich limits the depth of brackets.
const maxRich = 50

type richReader struct {
	rest  string
	depth int
}

// group reads "(operand operator operand ...)".
func (r *richReader) group() (closure.Expression, error) {
	rest, opens := strings.CutPrefix(strings.TrimLeft(r.rest, " "), "(")
	if r.depth++; !opens || r.depth > maxRich {
		return closure.Expression{}, errors.New("no bracket, or too many")
	}
	r.rest = rest
	var e closure.Expression
	for {
		operand, err := r.operand()
		if err != nil {
			return closure.Expression{}, err
		}
		e.Of = append(e.Of, operand)
		r.rest = strings.TrimLeft(r.rest, " ")
		if after, closes := strings.CutPrefix(r.rest, ")"); closes {
			r.rest = after
			r.depth--
			if len(e.Of) < 2 {
				return closure.Expression{}, errors.New("brackets without an operator")
			}
			return e, nil
		}
		operator := r.word()
		if err := setOperator(&e, operator); err != nil {
			return closure.Expression{}, err
		}
	}
}

// operand reads brackets, or "name", or "name >= version".
func (r *richReader) operand() (closure.Expression, error) {
	r.rest = strings.TrimLeft(r.rest, " ")
	if strings.HasPrefix(r.rest, "(") {
		return r.group()
	}
	relation := closure.Relation{Name: r.word()}
	if relation.Name == "" || isRichOperator(relation.Name) {
		return closure.Expression{}, fmt.Errorf("operand %q: not a name", relation.Name)
	}
	before := r.rest
	if op := r.word(); slices.Contains([]string{"<", "<=", "=", ">=", ">"}, op) {
		relation.Op, relation.Version = op, r.word()
		if relation.Version == "" {
			return closure.Expression{}, fmt.Errorf("operand %s: no version", relation)
		}
	} else {
		r.rest = before
	}
	return closure.Expression{Relation: relation}, nil
}

// word reads up to a space, or to a closing bracket without an opening bracket in the word. So glibc(x86-64) is one word.
func (r *richReader) word() string {
	r.rest = strings.TrimLeft(r.rest, " ")
	depth := 0
	end := strings.IndexFunc(r.rest, func(c rune) bool {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		return c == ' ' || depth < 0
	})
	if end < 0 {
		end = len(r.rest)
	}
	word := r.rest[:end]
	r.rest = r.rest[end:]
	return word
}

func isRichOperator(word string) bool {
	return slices.Contains([]string{"and", "or", "if", "else", "unless", "with", "without"}, word)
}

// setOperator adds an operator to an expression that already has its left operand.
func setOperator(e *closure.Expression, operator string) error {
	chains := slices.Contains([]string{"and", "or", "with"}, operator)
	switch {
	case !isRichOperator(operator):
		return fmt.Errorf("%q: not an operator", operator)
	case operator == "else" && len(e.Of) == 2 && (e.Operator == "if" || e.Operator == "unless"):
		return nil
	case e.Operator == "" && operator != "else":
		e.Operator = operator
		return nil
	case e.Operator == operator && chains:
		return nil
	}
	return fmt.Errorf("%q after %q: more than one kind of operator", operator, e.Operator)
}
