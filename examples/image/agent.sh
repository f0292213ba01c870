#!/bin/sh
# Opens a port in the host's firewall, in the mode that the host uses.
#
# usage: agent PORT
set -eu
iptables --wait --append INPUT --protocol tcp --dport "$1" --jump ACCEPT
iptables --version
