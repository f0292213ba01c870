#!/bin/sh
# Reports to node-problem-detector whether the node's rules are split between two iptables modes. From a plugin the
# detector takes the exit status (0: no problem, 1: problem, other: unknown) and one line of standard output, but
# "detect --check" exits with 3 and prints a whole report.

report=$(iptables-wrapper detect --check 2>&1)
status=$?
case $status in
0)
	echo "all rules are in one mode"
	;;
3)
	echo "$report" | head -n 1 # split-node: both modes contain rules (nft 52, legacy 3): ...
	status=1
	;;
*)
	echo "$report" | tail -n 1 # what could not be looked at, or run
	status=2
	;;
esac
exit $status
