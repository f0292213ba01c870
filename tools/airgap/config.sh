# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The bazelrc that makes a build from the checkout's unchanged MODULE.bazel air-gapped. No other file depends on it. It
# replaces Debian's own bazelrc, so that a Bazel that a test starts is air-gapped, too.

# make_config: sets config to the bazelrc of this checkout. The file is replaced as a whole and only if it changes,
# because running servers use it.
make_config() {
	downloader=$cache/config/downloader
	[ -e "$downloader" ] || make_downloader
	config=$cache/config/$(key "$checkout").bazelrc
	config_text >"$config.part"
	cmp -s "$config.part" "$config" || mv "$config.part" "$config"
}

# Debian's own bazelrc overrides the modules that Debian packages, except for rules_shell. Bazel refuses an override of
# a module that no module depends on, so modules/ contains only modules of the module graph. The path of the root is in
# an option for the server: if the root changes, Bazel starts another server, because a server stays in the root in
# which it was started. The sandbox contains the real /tmp. With an empty /tmp, a checkout below /tmp would hide the
# modules in this directory, which are symlinks to files here, from builds whose own sources are elsewhere
# (tests/downstream). Each sh_test resolves a C++ toolchain. The root has no compiler, so the toolchain names a program
# with which a C++ action would fail.
config_text() {
	# Debian's bazelrc sets sandbox_debug, which prints hundreds of lines for each failing action, and a deprecated
	# option.
	grep -vE 'try-import|sandbox_debug|host_javabase' "$debian/etc/bazel/bazelrc"
	cat <<-END
		startup "--output_user_root=$cache/bazel"
		startup "--host_jvm_args=-Dairgap.root=$debian"
		startup --server_javabase=/usr/lib/jvm/default-java
		common "--registry=file://$here/registry"
		common --lockfile_mode=off
		common --noenable_workspace
		common "--repository_cache=$cache/repositories"
		common "--experimental_downloader_config=$downloader"
		common --repo_env=IPTABLES_WRAPPERS_LOCAL_LOCKS=1
		common --repo_env=CC=/bin/false
		common "--disk_cache=$cache/disk"
		build --define=airgap=true
		build --noincompatible_sandbox_hermetic_tmp
		common "--override_module=rules_go=$modules/rules_go"
		common "--override_module=gazelle=$modules/gazelle"
		common "--override_repository=gazelle~~non_module_deps~bazel_gazelle_go_repository_tools=$modules/tools"
		common --override_module=rules_shell=/usr/share/bazel/rules/shell
	END
	# The repositories of the Go SDK. Builds use the first that MODULE.bazel names, which has the same name in builds of
	# other modules. rules_go names that of the second go_sdk.download main_, and must not download it either.
	for module in iptables_wrappers main_; do
		echo "common '--override_repository=rules_go~~go_sdk~${module}__download_0_linux_$arch=$modules/sdk'"
	done
	for module in "$here"/modules/*; do
		echo "common '--override_module=${module##*/}=$module'"
	done
}
