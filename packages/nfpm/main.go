// Command nfpm makes one package of a configuration of nFPM's: that program's own command line brings signing, templates and a
// dozen modules that nobody needs here.
//
// It is a module of its own: nFPM's dependencies are to be in nobody's module graph but this program's.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"
	_ "github.com/goreleaser/nfpm/v2/deb"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// request is one package to be made.
type request struct {
	config, format, version, output string
	postInstall, preRemove          string
	variables                       map[string]string // values in the configuration
	files                           map[string]string // the same, of values that are paths
	compressed                      map[string]string // of those, what is to be compressed first
}

func main() {
	r := request{variables: map[string]string{}, files: map[string]string{}, compressed: map[string]string{}}
	flag.StringVar(&r.config, "config", "", "nFPM's configuration")
	flag.StringVar(&r.format, "format", "", "apk, deb or rpm")
	flag.StringVar(&r.version, "version", "", "as the program says it: v1.2.3, v1.2.3-rc.1 or devel")
	flag.StringVar(&r.output, "output", "", "the package")
	flag.StringVar(&r.postInstall, "post-install", "", "the script that runs after an install and after an upgrade")
	flag.StringVar(&r.preRemove, "pre-remove", "", "the script that runs before a removal")
	flag.Func("set", "NAME=VALUE: what ${NAME} is in the configuration", into(r.variables))
	flag.Func("file", "NAME=PATH: the same of a file", into(r.files))
	flag.Func("gzip", "NAME=PATH: the same of a file that is compressed first", into(r.compressed))
	flag.Parse()
	if err := r.make(); err != nil {
		fmt.Fprintf(os.Stderr, "nfpm: .%s of %s: %v\n", r.format, r.config, err)
		os.Exit(1)
	}
}

func into(values map[string]string) func(string) error {
	return func(text string) error {
		name, value, found := strings.Cut(text, "=")
		if !found {
			return errors.New("not NAME=VALUE")
		}
		values[name] = value
		return nil
	}
}

func (r *request) make() error {
	stage, err := os.MkdirTemp("", "nfpm-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	if err := r.stage(stage); err != nil {
		return err
	}
	info, err := r.info()
	if err != nil {
		return err
	}
	packager, err := nfpm.Get(r.format)
	if err != nil {
		return err
	}
	file, err := os.Create(r.output)
	if err != nil {
		return err
	}
	return errors.Join(packager.Package(info, file), file.Close())
}

// info is the package as nFPM takes it.
func (r *request) info() (*nfpm.Info, error) {
	var unknown []string
	config, err := nfpm.ParseFileWithEnvMapping(r.config, func(name string) string {
		value, known := r.variables[name]
		// nFPM asks for these on its own account.
		if !known && !strings.HasPrefix(name, "NFPM_") {
			unknown = append(unknown, name)
		}
		return value
	})
	if err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("${%s}: no value given: add --set %s=VALUE", unknown[0], unknown[0])
	}
	info, err := config.Get(r.format)
	if err != nil {
		return nil, err
	}
	if info.Version, info.Prerelease, err = split(r.version, r.format); err != nil {
		return nil, err
	}
	info.Scripts = nfpm.Scripts{PostInstall: r.postInstall, PreRemove: r.preRemove}
	info.APK.Scripts.PostUpgrade = r.postInstall // the other formats run the same one
	if r.format == "apk" {
		info.Description, _, _ = strings.Cut(info.Description, "\n") // .PKGINFO has a line for it
	}
	return info, nil
}

// alpine is what an .apk's version can have after its numbers (apk-package(5)), of what precedes a release.
var alpine = regexp.MustCompile(`^(alpha|beta|pre|rc)[0-9]*$`)

// split takes a version apart for nFPM, which puts it together as each format orders it: before the release.
func split(version, format string) (numbers, prerelease string, err error) {
	if version == "devel" {
		version = "v0.0.0-pre"
	}
	numbers, prerelease, _ = strings.Cut(strings.TrimPrefix(version, "v"), "-")
	if format != "apk" {
		return numbers, prerelease, nil
	}
	prerelease = strings.ReplaceAll(prerelease, ".", "")
	if !alpine.MatchString(cmp.Or(prerelease, "rc")) {
		return "", "", fmt.Errorf("version %s: an .apk knows nothing but alpha, beta, pre and rc before a release", version)
	}
	return numbers, prerelease, nil
}
