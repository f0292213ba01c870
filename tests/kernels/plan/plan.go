// Package plan defines the messages between the host and a guest of the kernel matrix: the plan for one boot, and its
// results.
package plan

// Plan lists what one guest does, in order. It is a file of its initial file system.
type Plan struct {
	Load  []string `json:"load"` // modules, by name
	Cells []Cell   `json:"cells"`
}

// Cell is one test of the matrix: a host in one state, with one container in it.
type Cell struct {
	State        string    `json:"state"` // for people
	Setup        []Step    `json:"setup"` // how the host gets there
	Privilege    Privilege `json:"privilege"`
	ReadOnly     bool      `json:"read_only"`
	OtherNetwork bool      `json:"other_network"` // the container is in a new network namespace, not in the host's
	Direct       []string  `json:"direct"`        // modes whose binaries are run as well, without the wrapper
	Unlisted     []string  `json:"unlisted"`      // prefixes of modules that the container's /proc/modules leaves out, as if they were built in
	HandOver     bool      `json:"hand_over"`     // check how a process becomes the binary, instead of what is decided
	Command      *Command  `json:"command"`       // execute this alone, in a container of another image
}

// Command is one command of a container image. Its Run is the only one of Result.Calls.
type Command struct {
	Layout string   `json:"layout"` // the image, an OCI layout directory in the guest
	Argv   []string `json:"argv"`   // the first one is searched in PATH, as a container engine does
	Env    []string `json:"env"`
}

// Step is one command of the host's own iptables.
type Step struct {
	Mode  string   `json:"mode"` // nft or legacy
	Argv  []string `json:"argv"`
	Stdin string   `json:"stdin"`
}

// Privilege is the set of privileges of a container.
type Privilege string

// The privileges. All except the user namespace have at most Docker's default capabilities, in addition to
// CAP_NET_ADMIN. Ambient is a user with only CAP_NET_ADMIN and CAP_NET_RAW, as the ambient capabilities of Kubernetes
// or systemd grant them.
const (
	Admin         Privilege = "root with NET_ADMIN"
	NoAdmin       Privilege = "root without"
	User          Privilege = "plain user"
	UserNamespace Privilege = "user namespace"
	Ambient       Privilege = "user with ambient NET_ADMIN"
)

// Call is one command in a container.
type Call struct {
	Argv  []string
	Stdin string
}

// Restored is the source address in the rule that the last of Calls adds.
const Restored = "192.0.2.88"

// Calls returns the commands that are run in a container, in order. The version changes nothing, and its output
// contains the mode. The other commands list, add and restore a rule.
func Calls() [4]Call {
	return [...]Call{
		{Argv: []string{"iptables", "-V"}},
		{Argv: []string{"iptables", "-S"}},
		{Argv: []string{"iptables", "-A", "INPUT", "-s", "192.0.2.77", "-j", "ACCEPT"}},
		{Argv: []string{"iptables-restore", "--noflush"}, Stdin: "*filter\n-A INPUT -s " + Restored + " -j ACCEPT\nCOMMIT\n"},
	}
}

// Result is the result of a cell.
type Result struct {
	Cell          int              `json:"cell"`            // index
	Failed        string           `json:"failed"`          // why the state could not be created; then ignore all other fields
	Before        Kernel           `json:"before"`          // in the host's state
	AfterDetect   Kernel           `json:"after_detect"`    // after detect
	AfterVersion  Kernel           `json:"after_version"`   // after the first call
	Detect        Run              `json:"detect"`          // iptables-wrapper detect --output json
	Calls         []Run            `json:"calls"`           // through the wrapper
	Direct        map[string][]Run `json:"direct"`          // the mode's own binary, each on a new host
	LinksByDetect string           `json:"links_by_detect"` // the file that all six applets lead to after detect
	Links         string           `json:"links"`           // after the first call
	LinksInTheEnd string           `json:"links_in_the_end"`
	RestoredIn    []string         `json:"restored_in"` // the modes whose backend contains the restored rule at the end
	HandOver      []string         `json:"hand_over"`   // errors of the hand-over
}

// Pinned returns true if the applets lead to a mode's binary after the first call.
func (r Result) Pinned() bool { return r.Links != Wrapper }

// Wrapper is the file to which the applets lead if nothing is pinned.
const Wrapper = "iptables-wrapper"

// Kernel is the part of the kernel's state that a probe could change.
type Kernel struct {
	Modules string `json:"modules"` // those of netfilter, sorted
	Names   string `json:"names"`   // both names files
	Ruleset string `json:"ruleset"` // what nf_tables holds, if it is loaded
}

// Run is the result of a command.
type Run struct {
	Status int    `json:"status"` // of exit; -1 for a signal
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
}

// Prefix begins each line of a guest's console that is a result. All other lines come from the kernel.
const Prefix = "@result "
