"""How a program is built whose callers' signals reach the next program unchanged: see inherit_linux.go."""

HANDOVER_TAGS = ["handover"]

HANDOVER_LINKOPTS = [
    "-checklinkname=0",
    "-E",
    "github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit.entry",
    "-X",
    "runtime.godebugDefault=asyncpreemptoff=1",
]
