# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# What comes from the Go module proxy: rules_go and Gazelle, which are Go modules too, and the Go release that MODULE.bazel
# names, which the proxy has as golang.org/toolchain. The go command checks each against the checksum database.

# module_version NAME: the version MODULE.bazel asks for, the one place that says it.
module_version() {
	sed -nE "s/^bazel_dep\(name = \"$1\", version = \"([^\"]+)\".*/\1/p" "$checkout/MODULE.bazel" | grep . ||
		die "MODULE.bazel: no bazel_dep of $1 on one line"
}

sdk_version() {
	sed -nE 's/^go_sdk\.download\(version = "([^"]+)"\)$/\1/p' "$checkout/MODULE.bazel" | grep . ||
		die "MODULE.bazel: no go_sdk.download(version = ...) on one line"
}

# go_arch: as Go names it.
go_arch() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) die "$(uname -m): neither x86_64 nor aarch64; use the connected way (bazelisk)" ;;
	esac
}

# go_command ARGUMENT...: the machine's own Go, else the one in the Debian root.
go_command() {
	if command -v go >/dev/null; then
		GOTOOLCHAIN=local GOFLAGS=-modcacherw GOWORK=off go "$@"
	else
		(sandbox --setenv GOTOOLCHAIN local --setenv GOFLAGS -modcacherw --setenv GOWORK off \
			--setenv GOMODCACHE "$GOMODCACHE" --chdir "$PWD" go "$@")
	fi
}

# find_go_modules: sets modules to the folder, by what determines it.
find_go_modules() {
	rules_go_version=$(module_version rules_go)
	gazelle_version=$(module_version gazelle)
	go_version=$(sdk_version)
	arch=$(go_arch)
	modules=$cache/go-$(key "$rules_go_version" "$gazelle_version" "$go_version" "$arch" "$(cat "$here/gomodules.sh")")
}

make_go_modules() {
	! whole "$modules" || return 0
	say "Go modules: rules_go $rules_go_version, gazelle $gazelle_version, Go $go_version"
	begin "$modules"
	log=$cache/go.log
	: >"$log"
	GOMODCACHE=$modules.part/cache
	export GOMODCACHE
	github=$GOMODCACHE/github.com
	cd "$modules.part" || exit
	download "github.com/bazelbuild/rules_go@v$rules_go_version" "golang.org/toolchain@v0.0.1-go$go_version.linux-$arch" \
		"github.com/bazelbuild/bazel-gazelle@v$gazelle_version"
	# Gazelle's module zip leaves out its nested module v2/, whose version its go.mod names.
	v2=$(sed -nE 's:.*github.com/bazel-contrib/bazel-gazelle/v2 (v[^ ]+).*:\1:p' "$github/bazelbuild/bazel-gazelle@v$gazelle_version/go.mod")
	[ -z "$v2" ] || download "github.com/bazel-contrib/bazel-gazelle/v2@$v2"

	mv "$github/bazelbuild/rules_go@v$rules_go_version" rules_go
	mv "$github/bazelbuild/bazel-gazelle@v$gazelle_version" gazelle
	if [ -n "$v2" ]; then
		mv "$github/bazel-contrib/bazel-gazelle/v2@$v2" gazelle/v2
		# Gazelle's check of its own sources opens it; a module without dependencies has none.
		[ -e gazelle/v2/go.sum ] || : >gazelle/v2/go.sum
	fi
	# Module zips carry no execute bit.
	find rules_go gazelle -name '*.sh' -exec chmod +x {} +
	mv "$GOMODCACHE/golang.org/toolchain@v0.0.1-go$go_version.linux-$arch" sdk
	make_sdk_repository
	remove "$GOMODCACHE"
	unset GOMODCACHE
	cd "$checkout" || exit
	finish "$modules"
	say "Go modules: done, $(du -smx "$modules" | cut -f1) MB"
	compile_gazelle
}

# compile_gazelle: into the go command's cache, while Debian is unpacked, what Gazelle's repository rule compiles before Bazel can
# do anything else, by the same command (internal/go_repository_tools.bzl). Should it fail, that rule says why.
compile_gazelle() (
	cd "$modules/gazelle" || exit
	export CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off GOFLAGS='' GOROOT="$modules/sdk"
	export GOPATH="$cache/gopath" GOMODCACHE="$cache/gopath/pkg/mod" GOCACHE="$cache/gocache"
	"$modules/sdk/bin/go" build -trimpath -buildvcs=false github.com/bazel-contrib/bazel-gazelle/v2/cmd/gazelle \
		./cmd/fetch_repo ./cmd/generate_repo_config </dev/null >>"$cache/go.log" 2>&1 || true
)

download() {
	for module in "$@"; do
		go_command mod download "$module" </dev/null >>"$log" 2>&1 || die "Go module $module: $(explain "$log") (log: $log)"
	done
}

# make_sdk_repository: in sdk/, what the repository rule of rules_go's go_sdk.download would have made of Go's own archive
# (go/private/sdk.bzl, _sdk_build_file). A module zip spells nested go.mod files _go.mod (golang.org/x/mod/zip).
make_sdk_repository() {
	chmod +x sdk/bin/* sdk/pkg/tool/*/*
	find sdk -name _go.mod | while read -r file; do mv "$file" "${file%_go.mod}go.mod"; done
	case $arch in
	amd64) cpu=x86_64 ;;
	arm64) cpu=aarch64 ;;
	esac
	constraints="[\"@platforms//cpu:$cpu\", \"@platforms//os:linux\"]"
	sed -e "s/{goos}/linux/g; s/{goarch}/$arch/g; s/{exe}//g; s/{version}/$go_version/g; s/{experiments}/[]/g" \
		-e "s|{exec_compatible_with}|$constraints|g" rules_go/go/private/BUILD.sdk.bazel >sdk/BUILD.bazel
	: >sdk/ROOT
	: >sdk/REPO.bazel
	IFS=. read -r major minor patch <<-END
		$go_version
	END
	cat >sdk/version.bzl <<-END
		MAJOR_VERSION = "$major"
		MINOR_VERSION = "$minor"
		PATCH_VERSION = "$patch"
		PRERELEASE_SUFFIX = ""
	END
}
