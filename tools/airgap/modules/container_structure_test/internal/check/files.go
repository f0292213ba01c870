package check

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/report"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/schema"
)

func (s *Subject) fileExistence(test schema.FileExistenceTest, env map[string]string) report.Result {
	if invalid := validFile(test.Name, test.Path); len(invalid.Errors) > 0 {
		return invalid
	}
	result := report.Result{Name: "File Existence Test: " + test.Name}
	name := expand(test.Path, env)
	if err := s.enginesOwn(name); err != nil {
		result.Errorf("%v", err)
		return result
	}
	info, owner, err := s.Tree.Lstat(name)
	if !test.ShouldExist {
		if err == nil {
			result.Errorf("File %s should not exist but does", test.Path)
		}
		return result
	}
	if err == nil && s.Driver == Docker && !info.IsDir() && !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeSymlink {
		err = fmt.Errorf("File %s not found in image: it is not a file, directory or link, and the docker driver finds only those", name)
	}
	if err != nil {
		result.Errorf("Error examining file in container: %v", err)
		return result
	}
	mode := info.Mode()
	if test.Permissions != "" && test.Permissions != mode.String() {
		result.Errorf("%s has incorrect permissions. Expected: %s, Actual: %s", test.Path, test.Permissions, mode)
	}
	if test.IsExecutableBy != "" {
		executable(&result, test, mode)
	}
	s.ownership(&result, test, owner)
	return result
}

// enginesOwn refuses paths that the engine replaces in a container by its own file, whatever the image contains there
// (moby, daemon/initlayer).
func (s *Subject) enginesOwn(name string) error {
	if s.Driver != Docker {
		return nil
	}
	switch clean := path.Clean("/" + name); clean {
	case "/.dockerenv", "/dev", "/dev/console", "/dev/pts", "/dev/shm", "/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/resolv.conf", "/proc", "/sys":
		return fmt.Errorf("%s is Docker's own in a container: what the image has there cannot be tested", clean)
	}
	return nil
}

func validFile(name, path string) report.Result {
	result := report.Result{Name: name}
	if name == "" {
		result.Errorf("Please provide a valid name for every test")
	}
	if path == "" {
		result.Errorf("Please provide a valid file path for test %s", name)
	}
	return result
}

func executable(result *report.Result, test schema.FileExistenceTest, mode fs.FileMode) {
	bits := map[string]fs.FileMode{"any": 0o111, "owner": 0o100, "group": 0o010, "other": 0o001}
	wanted, known := bits[test.IsExecutableBy]
	if !known {
		result.Errorf("%s not recognised as a valid option", test.IsExecutableBy)
		return
	}
	if mode&wanted == 0 {
		result.Errorf("%s has incorrect executable bit. Expected to be executable by %s, Actual: %s", test.Path, test.IsExecutableBy, mode)
	}
}

func (s *Subject) ownership(result *report.Result, test schema.FileExistenceTest, owner rootfs.Owner) {
	checkUID := test.UID != schema.AnyOwner
	checkGID := test.GID != schema.AnyOwner
	if !checkUID && !checkGID {
		return
	}
	if s.Driver == Tar {
		result.Errorf("Error checking ownership of file %s: the tar driver does not know owners, use the docker driver", test.Path)
		return
	}
	if checkUID && test.UID != owner.UID {
		result.Errorf("%s has incorrect user ownership. Expected: %d, Actual: %d", test.Path, test.UID, owner.UID)
	}
	if checkGID && test.GID != owner.GID {
		result.Errorf("%s has incorrect group ownership. Expected: %d, Actual: %d", test.Path, test.GID, owner.GID)
	}
}

func (s *Subject) fileContent(test schema.FileContentTest) report.Result {
	if invalid := validFile(test.Name, test.Path); len(invalid.Errors) > 0 {
		return invalid
	}
	result := report.Result{Name: "File Content Test: " + test.Name}
	if err := s.enginesOwn(test.Path); err != nil {
		result.Errorf("%v", err)
		return result
	}
	content, err := s.Tree.ReadFile(test.Path)
	if err != nil {
		result.Errorf("Failed to open %s. Error: %v", test.Path, err)
		return result
	}
	matchAll(&result, "file content string", string(content), test.ExpectedContents, test.ExcludedContents)
	return result
}

// docRoot is the directory with the copyright files of Debian packages (Debian policy, section 12.5).
const docRoot = "/usr/share/doc"

// license searches for licenses that container-structure-test refuses.
func (s *Subject) license(test schema.LicenseTest) report.Result {
	result := report.Result{Name: "License Test"}
	files := test.Files
	if test.Debian {
		packages, err := s.Tree.ReadDir(docRoot)
		if err != nil {
			result.Errorf("Error reading directory: %v", err)
			return result
		}
		files = nil
		for _, name := range packages {
			// The real tool accepts this one package with any license.
			if name != "libgnutls30" {
				files = append(files, path.Join(docRoot, name, "copyright"))
			}
		}
		files = append(files, test.Files...)
	}
	for _, file := range files {
		text, err := s.Tree.ReadFile(file)
		if err != nil {
			result.Errorf("Error reading license file for %s: %v", file, err)
			continue
		}
		for _, word := range []string{"AGPL", "WTFPL"} {
			if strings.Contains(strings.ToUpper(string(text)), word) {
				result.Errorf("Invalid license for %s, license contains %s", file, word)
			}
		}
	}
	return result
}
