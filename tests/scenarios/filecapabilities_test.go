package scenarios

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// permit sets a file's capabilities, as "setcap cap_net_admin,cap_net_raw+ep" does: struct vfs_cap_data of
// include/uapi/linux/capability.h, version 2.
func (h *host) permit(name string) {
	h.t.Helper()
	path := filepath.Join(h.root, "usr/sbin", name)
	// The file is a hard link to the image's file. It is replaced by a copy, which gets the capabilities.
	content, err := os.Open(path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer content.Close()
	h.remove(name)
	if err := writeFile(path, content, 0o755); err != nil {
		h.t.Fatal(err)
	}
	value := make([]byte, 20)
	binary.LittleEndian.PutUint32(value, 0x02000000|1) // VFS_CAP_REVISION_2, VFS_CAP_FLAGS_EFFECTIVE
	binary.LittleEndian.PutUint32(value[4:], 1<<unix.CAP_NET_ADMIN|1<<unix.CAP_NET_RAW)
	if err := unix.Setxattr(path, "security.capability", value, 0); err != nil {
		h.t.Fatal(err)
	}
}

// TestFileCapabilities runs mayWriteButNotList with capabilities of the files.
func TestFileCapabilities(t *testing.T) {
	needs.Machine(t, "new_privileges")
	mayWriteButNotList(t, func(h *host) {
		for _, file := range []string{"xtables-nft-multi", "xtables-legacy-multi", "iptables-wrapper"} {
			h.permit(file)
		}
	})
}
