#!/bin/sh
# Runs in the image in gVisor. Calls the wrapper first, then each mode's own binaries. Prints a line "@STATUS COMMAND"
# for each call, followed by its output.

call() {
	said=$("$@" 2>&1)
	echo "@$? $*"
	[ -z "$said" ] || echo "$said"
}

call iptables-wrapper detect --output json
call iptables -V
for family in iptables ip6tables; do
	call $family -S
	call $family -A INPUT -p tcp -j ACCEPT
	call $family -S INPUT
	for mode in nft legacy; do
		call $family-$mode -S INPUT
	done
done
call readlink -f /usr/sbin/iptables
