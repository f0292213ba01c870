// Command nfpm makes one package from a configuration of nFPM. nFPM's own command line would add signing, templates and
// a dozen modules that are not needed here.
//
// It is a separate Go module, so that nFPM's dependencies are in the module graph of this command only.
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

// request describes the package to make.
type request struct {
	config, format, version, output string
	postInstall, preRemove          string
	variables                       map[string]string // values of ${} in the configuration
	files                           map[string]string // values that are paths of files
	compressed                      map[string]string // paths of files that are compressed first
}

func main() {
	r := request{variables: map[string]string{}, files: map[string]string{}, compressed: map[string]string{}}
	flag.StringVar(&r.config, "config", "", "nFPM's configuration")
	flag.StringVar(&r.format, "format", "", "apk, deb or rpm")
	flag.StringVar(&r.version, "version", "", "in the form that the version command prints: v1.2.3, v1.2.3-rc.1 or devel")
	flag.StringVar(&r.output, "output", "", "the package")
	flag.StringVar(&r.postInstall, "post-install", "", "the script that runs after an install and after an upgrade")
	flag.StringVar(&r.preRemove, "pre-remove", "", "the script that runs before a removal")
	flag.Func("set", "NAME=VALUE: value of ${NAME} in the configuration", into(r.variables))
	flag.Func("file", "NAME=PATH: path of a file as the value of ${NAME}", into(r.files))
	flag.Func("gzip", "NAME=PATH: like --file, for a file that is compressed first", into(r.compressed))
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

// info returns nFPM's description of the package.
func (r *request) info() (*nfpm.Info, error) {
	var unknown []string
	config, err := nfpm.ParseFileWithEnvMapping(r.config, func(name string) string {
		value, known := r.variables[name]
		// nFPM looks up these variables for its own settings.
		if !known && !strings.HasPrefix(name, "NFPM_") {
			unknown = append(unknown, name)
		}
		return value
	})
	if err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("${%s}: no value: add --set %s=VALUE", unknown[0], unknown[0])
	}
	info, err := config.Get(r.format)
	if err != nil {
		return nil, err
	}
	if info.Version, info.Prerelease, err = split(r.version, r.format); err != nil {
		return nil, err
	}
	info.Scripts = nfpm.Scripts{PostInstall: r.postInstall, PreRemove: r.preRemove}
	info.APK.Scripts.PostUpgrade = r.postInstall // the other formats run the post-install script after upgrades, too
	if r.format == "apk" {
		info.Description, _, _ = strings.Cut(info.Description, "\n") // .PKGINFO has a line for it
	}
	return info, nil
}

// alpine matches the pre-release suffixes of an .apk's version (apk-package(5)).
var alpine = regexp.MustCompile(`^(alpha|beta|pre|rc)[0-9]*$`)

// split splits a version into its numbers and its pre-release part. nFPM joins them in each format's syntax, so that a
// pre-release sorts before its release.
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
		return "", "", fmt.Errorf("version %s: an .apk supports only alpha, beta, pre and rc before a release", version)
	}
	return numbers, prerelease, nil
}
