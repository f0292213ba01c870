package alternatives

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A hostile state file is refused early, even if it repeats a line many times.
func TestRefusesAbsurdNumbers(t *testing.T) {
	const header = "auto\n/a\n"
	var followers, alternatives, lines strings.Builder
	for i := 0; followers.Len() < 1<<20; i++ {
		fmt.Fprintf(&followers, "f%d\n/f%d\n", i, i)
		fmt.Fprintf(&alternatives, "/a%d\n1\n", i)
	}
	lines.WriteString(strings.Repeat("x", 1<<20))
	for _, row := range []struct{ text, want string }{
		{header + followers.String(), "f: line 203: more than 100 followers"},
		{header + "\n" + alternatives.String(), "f: line 204: more than 100 alternatives"},
		{header + lines.String() + "/\n", `f: line 3: name of a follower expected, found "` + strings.Repeat("x", 80) + `"`},
	} {
		for _, format := range []Format{Dpkg, Chkconfig} {
			start := time.Now()
			_, err := Parse(format, "iptables", "f", []byte(row.text))
			if err == nil || err.Error() != row.want {
				t.Errorf("error %.200v, want %s", err, row.want)
			}
			t.Logf("refused in %v", time.Since(start))
		}
	}
}
