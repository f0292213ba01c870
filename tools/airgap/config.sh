# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The bazelrc that turns the checkout's plain MODULE.bazel into an air-gapped build: nothing else knows of it. It takes the
# place of Debian's own, so that a Bazel started by a test is air-gapped too.

# Modules packaged in Debian that Debian's own /etc/bazel/bazelrc does not name. Bazel refuses an override of a module that
# nothing depends on, so this list and modules/ hold what the module graph names, and no more.
debian_modules='rules_shell=rules/shell'

# make_config: sets config to the bazelrc of this checkout. Replaced whole and only when it changes: running servers have it.
make_config() {
	make_downloader
	config=$cache/config/$(key "$checkout").bazelrc
	config_text >"$config.part"
	cmp -s "$config.part" "$config" || mv "$config.part" "$config"
}

# make_downloader: sets downloader to the file by which Bazel asks this machine's mirror for what locks call by the address of
# an archive that keeps every version, which is not to be reached here. Nothing else is asked for anything.
make_downloader() {
	downloader=$cache/config/downloader
	[ -z "${mirror:-}" ] && [ -e "$downloader" ] && return
	find_mirror
	cat >"$downloader.part" <<-END
		rewrite snapshot\.debian\.org/archive/debian/[^/]+/(.*) $mirror/\$1
		rewrite snapshot\.debian\.org/archive/debian-security/[^/]+/(.*) $(archive_uri debian-security)/\$1
	END
	cmp -s "$downloader.part" "$downloader" || mv "$downloader.part" "$downloader"
}

# The root is named as an option of the server's, which makes Bazel start another when it is another: a server keeps the root
# it was born in. The sandbox shows /tmp as it is: with one of its own, a checkout below /tmp would hide the modules in this
# folder, which are links to here, from every build whose own sources are elsewhere (tests/outside).
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
	END
	# The names that rules_go gives the SDK of go_sdk.download: main_ in the root module, else with the module's own name.
	for module in main_ iptables_wrappers; do
		echo "common '--override_repository=rules_go~~go_sdk~${module}__download_0_linux_$(go_arch)=$modules/sdk'"
	done
	for module in $debian_modules; do
		echo "common --override_module=${module%%=*}=/usr/share/bazel/${module#*=}"
	done
	for module in "$here"/modules/*/MODULE.bazel; do
		module=${module%/MODULE.bazel}
		echo "common '--override_module=${module##*/}=$module'"
	done
}
