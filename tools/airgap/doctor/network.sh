# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The requirements of the air-gapped way: programs that it cannot install, programs that it installs, and the servers
# that it downloads from.

look_at_airgap() {
	set_up_programs || return 0
	cache=$(cache_path 2>&1) || { missing_here "${cache#bazelw: }" && return; }
	case $(uname -m) in x86_64 | aarch64) ;; *) return ;; esac
	find_debian run //:demo
	find_go_modules
	installed_by_itself
	# Both exist already and are not downloaded again. Only Bazel's own part of the disk will still grow.
	if [ -d "$debian" ] && [ -d "$modules" ]; then
		line ok "set up already, in $cache"
		enough_disk "$cache" "all of it is there" "set IPTABLES_WRAPPERS_CACHE" 1
		return
	fi
	enough_disk "$cache" "all of it will be there" "set IPTABLES_WRAPPERS_CACHE"
	# Files that are downloaded only for a check are deleted.
	scratch=$(mktemp -d) || { missing_here "a directory for temporary files: set TMPDIR to one" && return; }
	trap 'rm -rf "$scratch"' EXIT
	debian_mirror
	module_proxy
}

# set_up_programs: checks the programs with the options that the set-up uses. busybox lacks these options. Every Debian
# has them.
set_up_programs() {
	working=true
	while read -r package command; do
		sh -c "$command" </dev/null >/dev/null 2>&1 && continue
		missing_here "$package: \"$command\" does not work here, and the set-up uses it; $(how_to_get "$package")"
		working=false
	done <<-END
		coreutils realpath -ms /
		coreutils sha256sum
		coreutils stat --format= /
		coreutils timeout 5 true
		coreutils env --default-signal=INT,QUIT true
		findutils xargs -d , true
		util-linux flock /dev/null true
		util-linux setpriv --pdeathsig KILL true
		util-linux unshare --kill-child --version
	END
	! "$working" || line ok "coreutils, findutils and util-linux, with what the set-up uses of them"
	"$working"
}

# installed_by_itself: prints the packages that prerequisites installs, or the reason that it cannot.
installed_by_itself() {
	wanted=$(missing | tr '\n' ' ')
	if [ -z "$wanted" ]; then
		line ok "bubblewrap, and what unpacks Debian"
	elif ! command -v apt-get >/dev/null; then
		missing_here "${wanted% }: Bazel runs in a Debian, and there is no apt-get here to install it with; use Debian or Ubuntu, or $get_bazelisk"
	else
		line later "${wanted% }: bazelw installs it with apt-get"
	fi
}

debian_mirror() {
	if [ ! -e /usr/lib/apt/apt-helper ]; then
		line unsure "a Debian mirror that has $suite: no apt here to ask it with"
	elif said=$(cache=$scratch && find_mirror 2>&1 && echo "$mirror"); then
		line ok "Debian mirror: $said has $suite"
	else
		missing_here "${said#bazelw: }"
	fi
}

# module_proxy: requests the first file that gomodules.sh will request.
module_proxy() {
	proxy=$(proxies | sed -n 's/^GOPROXY=//p' | tail -n 1)
	# Go itself knows the default proxy, and the set-up brings Go.
	[ -n "$proxy" ] || { line unsure "Go module proxy: GOPROXY is not set, and no go is here to say what its default is" && return; }
	proxy=${proxy%%[,|]*}
	address=${proxy%/}/github.com/bazelbuild/rules_go/@v/v$rules_go_version.info
	case $proxy in
	direct | off) missing_here "a Go module proxy: GOPROXY begins with $proxy; set it to a proxy's address" && return ;;
	esac
	status=0
	if command -v curl >/dev/null; then
		said=$(curl -fsSL --connect-timeout 5 --max-time 20 -o /dev/null "$address" 2>&1) || status=$?
	elif command -v wget >/dev/null; then
		said=$(wget -nv -T 20 -O /dev/null "$address" 2>&1) || status=$?
	elif [ -e /usr/lib/apt/apt-helper ]; then
		said=$(/usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "$address" "$scratch/info" 2>&1) || status=$?
	else
		line unsure "Go module proxy $proxy: neither curl nor wget here to ask it with"
		return
	fi
	if [ "$status" = 0 ]; then
		line ok "Go module proxy: $proxy has rules_go $rules_go_version"
	else
		missing_here "Go module proxy: $address: $(echo "$said" | grep -v '^$' | tail -n 1); set GOPROXY to another, or take a bundle: ./bazelw --airgap-from FILE ..."
	fi
}
