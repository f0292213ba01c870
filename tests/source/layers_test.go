package source

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/pages"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

const (
	pageVariable    = "SOURCE_PAGE"    // docs/dockerfile.md
	wrapperVariable = "SOURCE_WRAPPER" // the built wrapper
)

var (
	copied    = regexp.MustCompile(`(?m)^COPY --from=\S+ \S+/iptables-wrapper (\S+)$`)
	installed = regexp.MustCompile(`(?m)^RUN (\S*iptables-wrapper install.*)$`)
)

// An image of the page must contain the wrapper once: in the layer of COPY. A layer contains every file that was
// created or changed in any way, including its mode and name. So RUN must not change the file, or create another file
// with the same content.
func TestOneLayerHasTheWrapper(t *testing.T) {
	needs.Machine(t, "root")
	page := os.Getenv(pageVariable)
	if page == "" {
		page = "../../docs/dockerfile.md"
	}
	binary, err := os.ReadFile(needs.Wrapper(t, wrapperVariable))
	if err != nil {
		t.Fatal(err)
	}
	debian := roots.Unpack(t, roots.Debians(t)[0])
	for _, file := range pages.Files(t, page, "dockerfile") {
		target, run := copied.FindStringSubmatch(file.Text), installed.FindStringSubmatch(file.Text)
		if target == nil || run == nil {
			t.Errorf("no COPY of the wrapper, or no RUN of its install:\n%s", file.Text)
			continue
		}
		image := hardLinks(t, debian)
		path := filepath.Join(image, target[1], "iptables-wrapper")
		if err := os.WriteFile(path, binary, 0o755); err != nil {
			t.Fatal(err)
		}
		before := holders(t, image, binary)
		roots.In(t, image, "/bin/sh", "-c", run[1])
		if end := strings.TrimSpace(roots.In(t, image, "readlink", "-f", "/usr/sbin/iptables")); end != "/usr/sbin/iptables-wrapper" {
			t.Errorf("iptables leads to %s", end)
		}
		if after := holders(t, image, binary); len(before) != 1 || len(after) != 1 || before[0] != after[0] {
			t.Errorf("the wrapper is in %v, and after RUN in %v", before, after)
		}
	}
}

// holder is a file with the wrapper's content. Any change of the file changes its ctime.
type holder struct {
	path    string
	inode   uint64
	changed syscall.Timespec
}

func holders(t *testing.T, image string, content []byte) (found []holder) {
	t.Helper()
	err := filepath.WalkDir(image, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.Size() != int64(len(content)) {
			return err
		}
		data, err := os.ReadFile(path)
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && bytes.Equal(data, content) {
			found = append(found, holder{strings.TrimPrefix(path, image), stat.Ino, stat.Ctim})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
