package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

func kubernetesVersion(module string) (string, error) {
	text, err := os.ReadFile(module)
	if err != nil {
		return "", err
	}
	version := regexp.MustCompile(`(?m)^\s*(?:require )?k8s\.io/kubernetes (v\S+)`).FindSubmatch(text)
	if version == nil {
		return "", fmt.Errorf("%s: requires no k8s.io/kubernetes", module)
	}
	return string(version[1]), nil
}

// buildKubernetes returns the folder with kubelet and kube-proxy built from the module, in the user's cache: a build costs minutes.
// Its name holds everything that they are made of.
func buildKubernetes(goCommand, module, version string) (string, error) {
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder = filepath.Join(folder, "iptables-wrappers")
	if err := findRunfiles(); err != nil {
		return "", err
	}
	toolchain, err := output("", goCommand, "version")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	io.WriteString(sum, toolchain)
	files := []string{module, filepath.Join(filepath.Dir(module), "go.sum")}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	built := filepath.Join(folder, fmt.Sprintf("kubernetes-%s-%.6x", version, sum.Sum(nil)))
	if _, err := os.Stat(built); !errors.Is(err, fs.ErrNotExist) {
		return built, err
	}
	fmt.Fprintf(os.Stderr, "building kubelet and kube-proxy %s (5 minutes of CPU)\n", version)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	old, err := filepath.Glob(filepath.Join(folder, "kubernetes-*"))
	if err != nil {
		return "", err
	}
	// In a folder of its own: Bazel's copies of both files are links, and a go.work above them is not meant.
	work, err := os.MkdirTemp(folder, "build")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(work, filepath.Base(file)), text, 0o644); err != nil {
			return "", err
		}
	}
	for name, value := range map[string]string{"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly"} {
		if err := os.Setenv(name, value); err != nil {
			return "", err
		}
	}
	if _, err := output("", "nice", goCommand, "build", "-C", work, "-buildvcs=false", "-trimpath", "-ldflags=-s -w",
		"-o", "bin/", "k8s.io/kubernetes/cmd/kubelet", "k8s.io/kubernetes/cmd/kube-proxy"); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(work, "bin"), built); err != nil {
		return "", err
	}
	for _, folder := range old {
		os.RemoveAll(folder)
	}
	return built, nil
}

// findRunfiles lets rules_go's go command, which is started by its name in this program's runfiles, find its own there: "bazel
// run" starts this program in the folder of its main repository, and does not say where all of them are.
func findRunfiles() error {
	if os.Getenv("BUILD_WORKSPACE_DIRECTORY") == "" || os.Getenv("RUNFILES_DIR") != "" {
		return nil
	}
	folder, err := os.Getwd()
	if err != nil {
		return err
	}
	return os.Setenv("RUNFILES_DIR", filepath.Dir(folder))
}
