# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The bazelrc that turns the checkout's plain MODULE.bazel into an air-gapped build: nothing else knows of it. It takes the
# place of Debian's own, so that a Bazel started by a test is air-gapped too.

# make_config: sets config to the bazelrc of this checkout. Replaced whole and only when it changes: running servers have it.
make_config() {
	downloader=$cache/config/downloader
	[ -e "$downloader" ] || make_downloader
	config=$cache/config/$(key "$checkout").bazelrc
	config_text >"$config.part"
	cmp -s "$config.part" "$config" || mv "$config.part" "$config"
}

# Debian's own bazelrc overrides the modules that Debian packages, but for rules_shell. Bazel refuses an override of a module that
# nothing depends on, so modules/ has what the module graph names, and no more.
# The root is named as an option of the server's, which makes Bazel start another when it is another: a server keeps the root
# it was born in. The sandbox shows /tmp as it is: with one of its own, a checkout below /tmp would hide the modules in this
# folder, which are links to here, from every build whose own sources are elsewhere (tests/downstream).
config_text() {
	# Debian's asks for sandbox_debug, hundreds of lines for each failing action, and names an option that warns of its age.
	grep -vE 'try-import|sandbox_debug|host_javabase' "$debian/etc/bazel/bazelrc"
	cat <<-END
		startup "--output_user_root=$cache/bazel"
		startup "--host_jvm_args=-Dairgap.root=$debian"
		common "--registry=file://$here/registry"
		common --lockfile_mode=off
		common --noenable_workspace
		common "--repository_cache=$cache/repositories"
		common "--experimental_downloader_config=$downloader"
		common --repo_env=IPTABLES_WRAPPERS_LOCAL_LOCKS=1
		common "--disk_cache=$cache/disk"
		build --define=airgap=true
		build --noincompatible_sandbox_hermetic_tmp
		common "--override_module=rules_go=$modules/rules_go"
		common "--override_module=gazelle=$modules/gazelle"
		common --override_module=rules_shell=/usr/share/bazel/rules/shell
	END
	# The names that rules_go gives the SDK of go_sdk.download: main_ in the root module, else with the module's own name.
	for module in main_ iptables_wrappers; do
		echo "common '--override_repository=rules_go~~go_sdk~${module}__download_0_linux_$arch=$modules/sdk'"
	done
	for module in "$here"/modules/*; do
		echo "common '--override_module=${module##*/}=$module'"
	done
}
