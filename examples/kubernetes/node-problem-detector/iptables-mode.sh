#!/bin/sh
# Tells node-problem-detector whether the node's rules are split between two iptables modes. Of a plugin it takes the status (0: no
# problem, 1: problem, any other: unknown) and one line of standard output, where "detect --check" has 3 and a page.

report=$(iptables-wrapper detect --check 2>&1)
status=$?
case $status in
0)
	echo "all rules are in one mode"
	;;
3)
	echo "$report" | head -n 1 # conflict: both modes contain rules (nft 52, legacy 3): ...
	status=1
	;;
*)
	echo "$report" | tail -n 1 # what could not be looked at, or run
	status=2
	;;
esac
exit $status
