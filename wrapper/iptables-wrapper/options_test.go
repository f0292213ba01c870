package main

import "testing"

func TestVariable(t *testing.T) {
	for _, tt := range []struct {
		env  []string
		want string
	}{
		{nil, ""},
		{[]string{"IPTABLES_WRAPPER_MODE=nft"}, "nft"},
		{[]string{"IPTABLES_WRAPPER_MODE=nft", "IPTABLES_WRAPPER_MODE=legacy"}, "nft"},
		{[]string{"IPTABLES_WRAPPER_MODE=", "IPTABLES_WRAPPER_MODE=legacy"}, ""},
		{[]string{"IPTABLES_WRAPPER_MODE_X=legacy"}, ""},
		{[]string{"IPTABLES_WRAPPER_MODE_X=legacy", "IPTABLES_WRAPPER_MODE=nft"}, "nft"},
		{[]string{"XIPTABLES_WRAPPER_MODE=legacy", "IPTABLES_WRAPPER_MODE", "", "="}, ""},
		{[]string{"IPTABLES_WRAPPER_MODE==nft"}, "=nft"},
	} {
		if got := variable(tt.env, overrideVariable); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.env, got, tt.want)
		}
	}
}
