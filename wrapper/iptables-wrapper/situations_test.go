package main

import (
	"errors"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// situation is a root file system, an environment and evidence.
type situation struct {
	files       roots.Tree // nil: Debian's, with the wrapper installed
	env         []string
	override    mode.Mode
	nft, legacy mode.Backend
	problems    []string // the expected identifiers
	incomplete  bool     // --check fails without a problem
}

// kubelet returns a backend that contains only kubelet's chain.
func kubelet(f mode.Family) mode.Backend {
	b := mode.Empty(mode.Present)
	b.Hints[f][mode.KubeKubeletCanary] = mode.Present
	b.Rules = mode.Exactly(1)
	return b
}

func contains(least, most uint64, bounded bool) mode.Backend {
	b := mode.Empty(mode.Present)
	b.Rules = mode.RuleCount{Least: least, Most: most, Bounded: bounded}
	return b
}

func situations() map[string]situation {
	debian, alpine := roots.Find("Debian"), roots.Find("Alpine 3.20")
	empty, unknown := mode.Empty(mode.Present), mode.Backend{Err: errors.New("nf_tables: operation not permitted")}
	incompatible := mode.Empty(mode.Present)
	incompatible.Compat = mode.Absent
	proxy := contains(2, 2, true)
	proxy.Hints[mode.IPv6][mode.KubeProxyCanary] = mode.Present
	hostile := unknown
	hostile.Err = errors.New("/proc/\x1b[2J\"net\\\"\n\xff: ödd")
	return map[string]situation{
		"kubelet in nft":    {nft: kubelet(mode.IPv6), legacy: empty},
		"kubelet in legacy": {nft: empty, legacy: kubelet(mode.IPv4)},
		"not final":         {nft: unknown, legacy: kubelet(mode.IPv4), incomplete: true},
		"legacy unknown":    {nft: kubelet(mode.IPv4), legacy: unknown, incomplete: true},
		"kube-proxy":        {nft: empty, legacy: proxy},
		"rules":             {nft: contains(2, 7, true), legacy: mode.Empty(mode.Absent)},
		"rules at least":    {nft: contains(3, 0, false), legacy: empty, incomplete: true},
		"only supported":    {nft: empty, legacy: mode.Empty(mode.Absent)},
		"no nft_compat":     {nft: incompatible, legacy: empty},
		"nothing known":     {nft: hostile, legacy: unknown, incomplete: true},
		"not installed":     {files: debian.Before, nft: kubelet(mode.IPv4), legacy: empty},
		"no iptables":       {files: roots.Tree{"usr/sbin/": ""}, nft: kubelet(mode.IPv4), legacy: empty},
		"pinned":            {files: debian.Pinned[mode.Legacy], nft: empty, legacy: kubelet(mode.IPv4)},
		"nft only":          {files: debian.Installed.Without("usr/sbin/xtables-legacy-multi"), nft: empty, legacy: empty},
		"legacy only":       {files: alpine.Installed.Without("sbin/xtables-nft-multi"), nft: empty, legacy: empty},
		"override":          {override: mode.Legacy, nft: contains(2, 2, true), legacy: empty},
		"PATH before": {
			files: alpine.Installed.With(roots.Tree{"usr/local/bin/ip6tables@": "/sbin/iptables-wrapper"}),
			env:   []string{"PATH=/usr/local/bin:/sbin"}, nft: empty, legacy: empty,
		},
		"mixed": {
			files: alpine.Installed.With(roots.Tree{"sbin/iptables@": "xtables-legacy-multi"}), nft: empty, legacy: empty,
		},
		"split node": {
			nft: contains(5, 5, true), legacy: contains(3, 3, true),
			problems: []string{"split-node"},
		},
		"pinned to other mode": {
			files: debian.Pinned[mode.NFT], nft: empty, legacy: kubelet(mode.IPv4),
			problems: []string{"pinned-to-other-mode"},
		},
		"one pinned to other mode": {
			files: alpine.Installed.With(roots.Tree{"sbin/iptables@": "xtables-legacy-multi"}), nft: kubelet(mode.IPv4), legacy: empty,
			problems: []string{"pinned-to-other-mode"},
		},
		"pinned against rules": {files: debian.Pinned[mode.NFT], nft: empty, legacy: contains(9, 9, true)},
		"override contradicts": {
			override: mode.NFT, nft: empty, legacy: kubelet(mode.IPv4),
			problems: []string{"override-contradicts"},
		},
		"override without effect": {
			files: debian.Pinned[mode.NFT], override: mode.Legacy, nft: empty, legacy: empty,
			problems: []string{"override-without-effect"},
		},
		"override of the pinned mode": {files: debian.Pinned[mode.NFT], override: mode.NFT, nft: empty, legacy: empty},
		"mode not installed": {
			files: debian.Installed.Without("usr/sbin/xtables-legacy-multi"), nft: empty, legacy: kubelet(mode.IPv4),
			problems: []string{"mode-not-installed"},
		},
		"hidden by path": {
			files: debian.Installed.With(roots.Tree{"usr/local/sbin/iptables@": "/usr/sbin/xtables-nft-multi"}), nft: empty, legacy: empty,
			problems: []string{"hidden-by-path"},
		},
		"hidden by the PATH of the environment": {
			files: debian.Installed.With(roots.Tree{"opt/\x1b[2Jbin/ip6tables-save": roots.NFT}),
			env:   []string{"PATH=relative::/opt/\x1b[2Jbin:/usr/sbin"}, nft: empty, legacy: empty,
			problems: []string{"hidden-by-path"},
		},
		"everything": {
			files: debian.Pinned[mode.NFT].With(roots.Tree{"usr/local/sbin/iptables": roots.Legacy}), override: mode.NFT,
			nft: contains(4, 4, true), legacy: kubelet(mode.IPv4),
			problems: []string{"split-node", "pinned-to-other-mode", "override-contradicts", "hidden-by-path"},
		},
	}
}
