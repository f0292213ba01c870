// Package ordered implements JSON objects that keep the order of their keys and are printed as jq prints them. rules_oci
// makes manifests and configurations with jq, so an image has the same digest here only if all of their bytes are the same.
package ordered

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Object is a JSON object. Its values are *Object, []any, string, json.Number, bool or nil.
type Object struct {
	keys   []string
	values map[string]any
}

// New returns an object with the members: a key and a value each.
func New(members ...any) *Object {
	o := &Object{values: map[string]any{}}
	for i := 0; i < len(members); i += 2 {
		o.Set(members[i].(string), members[i+1])
	}
	return o
}

// IsEmpty reports whether there is no member.
func (o *Object) IsEmpty() bool {
	return len(o.keys) == 0
}

// Get returns a member, or nil if it does not exist.
func (o *Object) Get(key string) any {
	return o.values[key]
}

// Text returns a member that is a string, or "" if it is not one.
func (o *Object) Text(key string) string {
	text, _ := o.values[key].(string)
	return text
}

// Set changes a member in its place, or adds it at the end.
func (o *Object) Set(key string, value any) {
	if _, known := o.values[key]; !known {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

// Delete removes a member if it exists.
func (o *Object) Delete(key string) {
	delete(o.values, key)
	o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
}

// Append adds a value to a member that is a list, or creates the list.
func (o *Object) Append(key string, value any) error {
	list, isList := o.values[key].([]any)
	if !isList && o.values[key] != nil {
		return fmt.Errorf("%q is no list", key)
	}
	o.Set(key, append(slices.Clone(list), value))
	return nil
}

// Merge does the same as jq's multiplication of objects: members of more replace members of o, and objects that both
// contain are merged.
func (o *Object) Merge(more *Object) {
	for _, key := range more.keys {
		inner, isObject := more.values[key].(*Object)
		if old, wasObject := o.values[key].(*Object); isObject && wasObject {
			old.Merge(inner)
			continue
		}
		o.Set(key, more.values[key])
	}
}

// Parse reads one object.
func Parse(data []byte) (*Object, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	value, err := parse(decoder)
	if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is more than one JSON value")
	}
	object, isObject := value.(*Object)
	if !isObject {
		return nil, errors.New("no JSON object")
	}
	return object, nil
}

func parse(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := New()
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			value, err := parse(decoder)
			if err != nil {
				return nil, err
			}
			object.Set(key.(string), value)
		}
		_, err := decoder.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := parse(decoder)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := decoder.Token()
		return list, err
	}
	return token, nil
}

// Print returns the object as jq prints it without options, except for the newline at the end.
func (o *Object) Print() []byte {
	var out bytes.Buffer
	print(&out, o, "\n")
	return out.Bytes()
}

// print writes a value. newline is a line break and the indentation of the next line.
func print(out *bytes.Buffer, value any, newline string) {
	switch value := value.(type) {
	case *Object:
		out.WriteByte('{')
		for i, key := range value.keys {
			separate(out, i, newline)
			quote(out, key)
			out.WriteString(": ")
			print(out, value.values[key], newline+"  ")
		}
		end(out, len(value.keys), newline, '}')
	case []any:
		out.WriteByte('[')
		for i, item := range value {
			separate(out, i, newline)
			print(out, item, newline+"  ")
		}
		end(out, len(value), newline, ']')
	case string:
		quote(out, value)
	case nil:
		out.WriteString("null")
	default: // numbers as they were written, and booleans
		fmt.Fprint(out, value)
	}
}

func separate(out *bytes.Buffer, i int, newline string) {
	if i > 0 {
		out.WriteByte(',')
	}
	out.WriteString(newline + "  ")
}

func end(out *bytes.Buffer, members int, newline string, bracket byte) {
	if members > 0 {
		out.WriteString(newline)
	}
	out.WriteByte(bracket)
}

// escapes are the characters for which jq has a letter.
var escapes = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func quote(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	for _, r := range escapes.Replace(text) {
		if r < ' ' || r == '\x7f' {
			fmt.Fprintf(out, `\u%04x`, r)
			continue
		}
		out.Write(utf8.AppendRune(nil, r))
	}
	out.WriteByte('"')
}
