package ordered

import "testing"

// The expected texts are the output of jq 1.7.
func TestPrint(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{}`, `{}`},
		{`{"b":[],"a":{},"c":null,"d":true}`, "{\n  \"b\": [],\n  \"a\": {},\n  \"c\": null,\n  \"d\": true\n}"},
		{`{"a":[1,[2,{"x":"y"}]]}`, "{\n  \"a\": [\n    1,\n    [\n      2,\n      {\n        \"x\": \"y\"\n      }\n    ]\n  ]\n}"},
		{`{"a":12345678901234567890}`, "{\n  \"a\": 12345678901234567890\n}"},
		{`{"a":"<&>\u00e9\u2028\u0001\u007f\"\\\/\b\f\n\r\t"}`, "{\n  \"a\": \"<&>\u00e9\u2028\\u0001\\u007f\\\"\\\\/\\b\\f\\n\\r\\t\"\n}"},
		{`{"a":1,"b":2,"a":3}`, "{\n  \"a\": 3,\n  \"b\": 2\n}"},
	} {
		object, err := Parse([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(object.Print()); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
	for _, in := range []string{``, `[]`, `{} {}`, `{"a"}`, `{"a":[}`} {
		if object, err := Parse([]byte(in)); err == nil {
			t.Errorf("%q: %s, want an error", in, object.Print())
		}
	}
}

func TestMerge(t *testing.T) {
	into, err := Parse([]byte(`{"a":{"x":1,"y":[1]},"b":{"z":1},"c":1}`))
	if err != nil {
		t.Fatal(err)
	}
	more, err := Parse([]byte(`{"d":4,"c":{"n":1},"a":{"y":[2],"w":3}}`))
	if err != nil {
		t.Fatal(err)
	}
	into.Merge(more)
	into.Delete("b")
	want, err := Parse([]byte(`{"a":{"x":1,"y":[2],"w":3},"c":{"n":1},"d":4}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(into.Print()), string(want.Print()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
