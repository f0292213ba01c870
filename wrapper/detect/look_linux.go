package detect

import (
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/probe"
)

func look() (mode.Evidence, error) { return probe.All(), nil }
