"""Build flags for a program that passes the signals of its caller unchanged to the binary that it executes: see inherit_linux.go."""

HANDOVER_TAGS = ["handover"]

HANDOVER_LINKOPTS = [
    "-checklinkname=0",
    "-E",
    "github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit.entry",
    "-X",
    "runtime.godebugDefault=asyncpreemptoff=1",
]
