package mode

// prefixes are how well-known programs begin the names of their chains, which tells whose rules a backend holds: kubelet
// and kube-proxy, Docker, the CNI plugins portmap and firewall, flannel, Calico, Cilium, libvirt, ufw.
var prefixes = [NumOwners]string{"KUBE-", "DOCKER", "CNI-", "FLANNEL", "cali-", "CILIUM_", "LIBVIRT_", "ufw"}

// Owner is one of the programs whose chains are told by their names. It is an index into Owners.
type Owner uint8

// NumOwners is how many there are.
const NumOwners = 8

// String returns what the names begin with, such as "KUBE-".
func (o Owner) String() string { return prefixes[o] }

// Owners is a number of user-defined chains by owner.
type Owners [NumOwners]uint64

// Count counts a chain.
func (o *Owners) Count(chain []byte) {
	for i, prefix := range prefixes {
		if len(chain) >= len(prefix) && string(chain[:len(prefix)]) == prefix {
			o[i]++
			return
		}
	}
}
