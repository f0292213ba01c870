# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The downloads from the Go module proxy: rules_go and Gazelle, which are Go modules too, and the Go release in
# MODULE.bazel, which the proxy has as golang.org/toolchain. Each is compared with gomodules.sum, whatever the value of
# GOSUMDB is.

# version_in CALL: prints the version in a call of MODULE.bazel, which is the only place that defines it.
version_in() {
	sed -nE "s/^$1version = \"([^\"]+)\".*/\1/p" "$checkout/MODULE.bazel" | grep . || die "MODULE.bazel: no line with $1version = ..."
}

# find_go_modules: sets modules to a directory whose name depends on the content, and arch to Go's name of the
# architecture.
find_go_modules() {
	case $(uname -m) in
	x86_64) arch=amd64 ;;
	aarch64) arch=arm64 ;;
	*) die "$(uname -m): neither x86_64 nor aarch64; use the connected way (bazelisk)" ;;
	esac
	rules_go_version=$(version_in 'bazel_dep.name = "rules_go", ')
	gazelle_version=$(version_in 'bazel_dep.name = "gazelle", ')
	go_version=$(sed -nE '/^go_sdk\.download\($/,/^\)$/s/^    version = "(.*)",$/\1/p' "$checkout/MODULE.bazel" | grep .) ||
		die "MODULE.bazel: go_sdk.download has no version"
	modules=$cache/go-$(key "$rules_go_version" "$gazelle_version" "$go_version" "$arch" "$(cat "$here/gomodules.sh" "$here/gomodules.sum")")
}

make_go_modules() {
	! whole "$modules" || return 0
	say "Go modules: rules_go $rules_go_version, gazelle $gazelle_version, Go $go_version"
	begin "$modules"
	log=$cache/go.log
	downloads=$modules.part/cache
	github=$downloads/github.com
	cd "$modules.part" || exit
	download "github.com/bazelbuild/rules_go@v$rules_go_version" "golang.org/toolchain@v0.0.1-go$go_version.linux-$arch" \
		"github.com/bazelbuild/bazel-gazelle@v$gazelle_version"
	# Gazelle's module zip lacks its nested module v2/. Its go.mod contains the version of that module.
	v2=$(sed -nE 's:.*github.com/bazel-contrib/bazel-gazelle/v2 (v[^ ]+).*:\1:p' "$github/bazelbuild/bazel-gazelle@v$gazelle_version/go.mod")
	download "github.com/bazel-contrib/bazel-gazelle/v2@$v2"

	mv "$github/bazelbuild/rules_go@v$rules_go_version" rules_go
	mv "$github/bazelbuild/bazel-gazelle@v$gazelle_version" gazelle
	mv "$github/bazel-contrib/bazel-gazelle/v2@$v2" gazelle/v2
	# Gazelle opens this file when it checks its sources. A module without dependencies has none.
	touch gazelle/v2/go.sum
	# Module zips contain no execute permissions.
	find rules_go gazelle -name '*.sh' -exec chmod +x {} +
	mv "$downloads/golang.org/toolchain@v0.0.1-go$go_version.linux-$arch" sdk
	make_sdk_repository
	make_gazelle_tools || exit
	remove "$downloads"
	finish "$modules"
	say "Go modules: done, $(du -smx "$modules" | cut -f1) MB"
}

# download MODULE@VERSION...: downloads with the machine's own Go, otherwise with the one in the Debian root. The go
# command writes the hash of each zip that it downloads to a .ziphash.
download() {
	wanted=$*
	set -- env GOTOOLCHAIN=local GOFLAGS=-modcacherw GOWORK=off GOMODCACHE="$downloads" go mod download "$@"
	command -v go >/dev/null || set -- sandbox --chdir "$PWD" "$@"
	("$@") </dev/null >"$log" 2>&1 || die "Go modules: $(explain "$log") (log: $log)"
	for module in $wanted; do
		line="${module%@*} ${module#*@} $(cat "$downloads/cache/download/${module%@*}/@v/${module#*@}.ziphash")"
		grep -qxF -- "$line" "$here/gomodules.sum" ||
			die "Go modules: $line: not in tools/airgap/gomodules.sum; if MODULE.bazel has a new version, compare the line with sum.golang.org and add it, else use another GOPROXY"
	done
}

# make_gazelle_tools: creates in tools/ what Gazelle's own repository rule (internal/go_repository_tools.bzl) creates, and
# which replaces that repository (config.sh). So the programs are compiled once, while Debian is unpacked, and the rule
# does not delay Bazel. The rule also sets the version that "gazelle --version" prints, which nothing reads.
make_gazelle_tools() (
	mkdir tools
	touch tools/ROOT tools/REPO.bazel
	cat >tools/BUILD.bazel <<-END
		package(default_visibility = ["//visibility:public"])

		exports_files(["ROOT"])
	END
	for program in fetch_repo gazelle generate_repo_config; do
		printf '\nfilegroup(\n    name = "%s",\n    srcs = ["bin/%s"],\n)\n' "$program" "$program" >>tools/BUILD.bazel
	done
	export CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off GOFLAGS='' GOROOT="$PWD/sdk"
	export GOPATH="$cache/gopath" GOMODCACHE="$cache/gopath/pkg/mod" GOCACHE="$downloads/build"
	cd gazelle || exit
	"$GOROOT/bin/go" build -trimpath -buildvcs=false -ldflags='-s -w' -o ../tools/bin/ \
		github.com/bazel-contrib/bazel-gazelle/v2/cmd/gazelle ./cmd/fetch_repo ./cmd/generate_repo_config </dev/null >"$log" 2>&1 ||
		die "Gazelle: $(explain "$log") (log: $log)"
)

# make_sdk_repository: creates in sdk/ what the repository rule of rules_go's go_sdk.download creates from Go's own
# archive (go/private/sdk.bzl, _sdk_build_file). In a module zip, the name of nested go.mod files is _go.mod
# (golang.org/x/mod/zip).
make_sdk_repository() {
	chmod +x sdk/bin/* sdk/pkg/tool/*/*
	find sdk -name _go.mod | while read -r file; do mv "$file" "${file%_go.mod}go.mod"; done
	constraints="[\"@platforms//cpu:$(uname -m)\", \"@platforms//os:linux\"]"
	sed -e "s/{goos}/linux/g; s/{goarch}/$arch/g; s/{exe}//g; s/{version}/$go_version/g; s/{experiments}/[]/g" \
		-e "s|{exec_compatible_with}|$constraints|g" rules_go/go/private/BUILD.sdk.bazel >sdk/BUILD.bazel
	touch sdk/ROOT sdk/REPO.bazel
	echo "$go_version" | sed -E 's/(.*)\.(.*)\.(.*)/MAJOR_VERSION = "\1"\nMINOR_VERSION = "\2"\nPATCH_VERSION = "\3"\nPRERELEASE_SUFFIX = ""/' >sdk/version.bzl
}
