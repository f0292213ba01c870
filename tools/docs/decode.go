package main

import "google.golang.org/protobuf/encoding/protowire"

// Field numbers in Bazel's src/main/protobuf/stardoc_output.proto.
const (
	// ModuleInfo
	moduleFunctions = 3
	moduleDoc       = 5
	moduleFile      = 6
	// StarlarkFunctionInfo; its docstring does not contain the section Args.
	functionName       = 1
	functionParameters = 2
	functionDoc        = 3
	// FunctionParamInfo
	parameterName      = 1
	parameterDoc       = 2
	parameterDefault   = 3
	parameterMandatory = 4
)

// message maps field numbers to values. A value is the bytes of a string or message, or the encoding of a number.
type message map[protowire.Number][][]byte

func decode(data []byte) (message, error) {
	m := message{}
	for len(data) > 0 {
		number, kind, tag := protowire.ConsumeTag(data)
		if tag < 0 {
			return nil, protowire.ParseError(tag)
		}
		size := protowire.ConsumeFieldValue(number, kind, data[tag:])
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		value := data[tag : tag+size]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		m[number] = append(m[number], value)
		data = data[tag+size:]
	}
	return m, nil
}

// messages returns the values of a field whose type is a message.
func (m message) messages(number protowire.Number) ([]message, error) {
	var all []message
	for _, value := range m[number] {
		inner, err := decode(value)
		if err != nil {
			return nil, err
		}
		all = append(all, inner)
	}
	return all, nil
}

// text returns a string, or "" if the field is missing.
func (m message) text(number protowire.Number) string {
	if len(m[number]) == 0 {
		return ""
	}
	return string(m[number][0])
}
