package packages_test

import (
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// commands reads the help and returns each command with its options, and the command set with its arguments.
func commands(t *testing.T) map[string][]string {
	t.Helper()
	help, err := exec.Command(needs.Variable(t, "WRAPPER"), "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	option := regexp.MustCompile(`--[a-z-]+`)
	for line := range strings.Lines(string(help)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == name {
			all[words[1]] = sorted(option.FindAllString(line, -1))
			if words[1] == "set" {
				all["set"] = sorted(strings.Split(words[2], "|"))
			}
		}
	}
	if len(all) < 5 || len(all["install"]) < 5 || len(all["set"]) < 4 {
		t.Fatalf("help printed\n%s", help)
	}
	return all
}

func compare(t *testing.T, got map[string][]string, want map[string][]string) {
	t.Helper()
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("it has %q, but the program's help %q", got, want)
	}
}

// found returns all texts that match the only group of a pattern.
func found(pattern, in string) []string {
	var all []string
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(in, -1) {
		all = append(all, match[1])
	}
	return all
}

// Compares the manual page's synopsis, commands and options with the help.
func TestManual(t *testing.T) {
	want, page := commands(t), text(t, "MANUAL")
	_, list, _ := strings.Cut(page, ".Sh COMMANDS\n")
	list, _, _ = strings.Cut(list, ".Sh ")
	got := map[string][]string{}
	for _, item := range strings.Split(list, "\n.It Cm ")[1:] {
		command, rest, _ := strings.Cut(item, "\n")
		got[command] = sorted(append(options(found(`(?m)^\.It Fl -([a-z-]+)`, rest)), found(`(?m)^\.It Ar ([a-z]+)`, rest)...))
	}
	compare(t, got, want)

	_, list, _ = strings.Cut(page, ".Sh SYNOPSIS\n")
	list, _, _ = strings.Cut(list, ".Sh ")
	got = map[string][]string{}
	for _, item := range strings.Split(list, "\n.Cm ")[1:] {
		command, rest, _ := strings.Cut(item, "\n")
		got[command] = sorted(options(found(`Fl -([a-z-]+)`, rest)))
		if command == "set" {
			arguments, _, _ := strings.Cut(rest, "\n")
			got[command] = sorted(strings.Split(strings.TrimPrefix(arguments, ".Ar "), " | "))
		}
	}
	compare(t, got, want)

	help, err := exec.Command(needs.Variable(t, "WRAPPER"), "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	variables := `(IPTABLES_WRAPPER_[A-Z]+)`
	if got, want := sorted(found(`\.It Ev `+variables, page)), sorted(found(variables, string(help))); !slices.Equal(got, want) {
		t.Errorf("variables: the page has %q, help %q", got, want)
	}
}

func options(names []string) []string {
	var all []string
	for _, option := range names {
		all = append(all, "--"+option)
	}
	return all
}

// Runs the completion function in bash.
func TestBash(t *testing.T) {
	needs.Machine(t, "bash")
	ask := func(words ...string) []string {
		script := `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _iptables_wrapper; printf '%s\n' "${COMPREPLY[@]}"`
		out, err := exec.Command("bash", append([]string{"-uc", script, "bash", needs.Variable(t, "BASH_COMPLETION")}, words...)...).Output() // compopt complains of being called by a test
		if err != nil {
			t.Fatalf("%q: %v\n%s", words, err, out)
		}
		return sorted(strings.Fields(string(out)))
	}
	got := map[string][]string{}
	for _, command := range ask(name, "") {
		got[command] = ask(name, command, "")
	}
	compare(t, got, commands(t))
	for _, row := range []struct{ words, want []string }{
		{[]string{name, "de"}, []string{"detect"}},
		{[]string{name, "detect", "--c"}, []string{"--check"}},
		{[]string{name, "detect", "--output", ""}, []string{"json", "mode", "text"}},
		{[]string{name, "set", "l"}, []string{"legacy"}},
		{[]string{name, "set", "legacy", ""}, nil},
		{[]string{name, "install", "--wrapper", "/et"}, []string{"/etc"}},
		{[]string{name, "install", "--root", "/et"}, []string{"/etc"}},
	} {
		if got := ask(row.words...); !slices.Equal(got, row.want) {
			t.Errorf("%q: completes %q, want %q", row.words, got, row.want)
		}
	}
}

// The completions of zsh and fish are lists, so the test parses them. Neither shell is on every machine.
func TestZsh(t *testing.T) {
	file := text(t, "ZSH_COMPLETION")
	got := map[string][]string{}
	for _, command := range found(`(?m)^  '([a-z]+):`, file) {
		_, part, _ := strings.Cut(file, "\n  "+command+")\n")
		part, _, _ = strings.Cut(part, ";;")
		got[command] = sorted(append(found(`'(--[a-z-]+)\[`, part), found(`'([a-z]+):`, part)...))
	}
	compare(t, got, commands(t))
}

func TestFish(t *testing.T) {
	file := text(t, "FISH_COMPLETION")
	got := map[string][]string{}
	for _, command := range found(`-n __fish_use_subcommand -a ([a-z]+)`, file) {
		got[command] = sorted(append(options(found(`__fish_seen_subcommand_from `+command+`' -l ([a-z-]+)`, file)),
			found(`__fish_seen_subcommand_from `+command+`' -a ([a-z]+)`, file)...))
	}
	compare(t, got, commands(t))
}
