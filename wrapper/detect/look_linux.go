package detect

import "github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"

func init() { look = probe.All }
