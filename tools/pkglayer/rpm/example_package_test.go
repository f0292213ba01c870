package rpm

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/rpmpack"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

func small() archive.Limits { return archive.Limits{Files: 50, Bytes: 1 << 20} }

// build writes a package. Modes are those of stat(2).
func build(t testing.TB, compressor string, files ...rpmpack.RPMFile) []byte {
	t.Helper()
	pkg, err := rpmpack.NewRPM(rpmpack.RPMMetaData{
		Name: "example", Version: "1.2", Release: "3", Arch: "x86_64", Epoch: 4, Vendor: "Example", Summary: "s",
		Description: "d", Licence: "Apache-2.0", BuildTime: time.Unix(5, 0), Compressor: compressor,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		file.Owner, file.Group = "root", "root"
		pkg.AddFile(file)
	}
	var out bytes.Buffer
	if err := pkg.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func example() []rpmpack.RPMFile {
	return []rpmpack.RPMFile{
		{Name: "/usr/sbin", Mode: 0o40755},
		{Name: "/usr/sbin/link", Mode: 0o120777, Body: []byte("tool")},
		{Name: "/usr/sbin/tool", Mode: 0o104755, Body: bytes.Repeat([]byte("content "), 500)},
		{Name: "/var/ghost", Mode: 0o100644, Type: rpmpack.GhostFile},
	}
}

func read(data []byte) (*archive.Package, error) { return Read(bytes.NewReader(data), small()) }
