package scenarios

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// shell is one shell in the container, as an engineer uses it: variables that one line sets are visible to the next.
type shell struct {
	h      *host
	stdin  io.Writer
	output *bufio.Reader
}

func (h *host) shell() *shell {
	h.t.Helper()
	cmd := h.command(call{argv: []string{"/bin/sh"}})
	stdin, err := cmd.StdinPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			h.t.Errorf("the shell: %v", err)
		}
	})
	return &shell{h, stdin, bufio.NewReader(stdout)}
}

// enter runs a line and returns its output.
func (s *shell) enter(line string) string {
	s.h.t.Helper()
	const end = "end of the line\n"
	if _, err := fmt.Fprintf(s.stdin, "%s\necho end of the line\n", line); err != nil {
		s.h.t.Fatal(err)
	}
	var printed strings.Builder
	for {
		text, err := s.output.ReadString('\n')
		if err != nil {
			s.h.t.Fatalf("%s: the shell ended: %v\n%s%s", line, err, printed.String(), text)
		}
		if text == end {
			return printed.String()
		}
		printed.WriteString(text)
	}
}
