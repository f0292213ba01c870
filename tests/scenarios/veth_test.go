package scenarios

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// The addresses of both ends of the connection between a host and its client.
var (
	hostAddresses   = []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8::1/64")}
	clientAddresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.2/24"), netip.MustParsePrefix("2001:db8::2/64")}
)

// addClient connects the host to a second network namespace by a pair of veth devices, and returns a function that runs another function
// there. That function must not start goroutines which open sockets.
func (h *host) addClient() func(func()) {
	h.t.Helper()
	work, done := make(chan func()), make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread and its namespace end with the goroutine
		for f := range work {
			f()
			done <- struct{}{}
		}
	}()
	h.t.Cleanup(func() { close(work); <-done })
	within := func(f func()) { work <- f; <-done }

	var namespace *os.File
	var err error
	within(func() {
		if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
			namespace, err = os.Open("/proc/thread-self/ns/net")
		}
	})
	if err != nil {
		h.t.Fatal(err)
	}
	defer namespace.Close()
	end := append(linkHeader(0, 0), attribute(unix.IFLA_IFNAME, []byte(vethName+"\x00"))...)
	peer := slices.Concat(end, attribute(unix.IFLA_NET_NS_FD, binary.NativeEndian.AppendUint32(nil, uint32(namespace.Fd()))))
	kind := attribute(unix.IFLA_INFO_KIND, []byte("veth"))
	data := attribute(unix.IFLA_INFO_DATA, attribute(vethInfoPeer, peer))
	if err := route(unix.RTM_NEWLINK, slices.Concat(end, attribute(unix.IFLA_LINKINFO, slices.Concat(kind, data)))); err != nil {
		h.t.Fatalf("add veth: %v", err)
	}
	if err := configure(hostAddresses); err != nil {
		h.t.Fatalf("host's addresses: %v", err)
	}
	within(func() { err = configure(clientAddresses) })
	if err != nil {
		h.t.Fatalf("client's addresses: %v", err)
	}
	return within
}

const (
	vethName     = "veth"
	vethInfoPeer = 1 // VETH_INFO_PEER of linux/veth.h
)

// configure sets up the veth device of this thread's namespace.
func configure(addresses []netip.Prefix) error {
	device, err := net.InterfaceByName(vethName)
	if err != nil {
		return err
	}
	if err := route(unix.RTM_NEWLINK, linkHeader(device.Index, unix.IFF_UP)); err != nil {
		return err
	}
	for _, address := range addresses {
		family := byte(unix.AF_INET)
		if address.Addr().Is6() {
			family = unix.AF_INET6
		}
		body := []byte{family, byte(address.Bits()), unix.IFA_F_NODAD, 0}
		body = binary.NativeEndian.AppendUint32(body, uint32(device.Index))
		body = append(body, attribute(unix.IFA_LOCAL, address.Addr().AsSlice())...)
		if err := route(unix.RTM_NEWADDR, body); err != nil {
			return err
		}
	}
	return nil
}

// linkHeader is a struct ifinfomsg that sets flags of a device. Number 0 is a new device.
func linkHeader(number int, flags uint32) []byte {
	header := binary.NativeEndian.AppendUint32(make([]byte, 4), uint32(number))
	header = binary.NativeEndian.AppendUint32(header, flags)
	return binary.NativeEndian.AppendUint32(header, flags) // which flags to change
}

func attribute(kind uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, kind), value...)
	return append(b, make([]byte, -len(value)&3)...)
}

// route sends one request to the kernel's rtnetlink in this thread's namespace.
func route(kind uint16, body []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	message := binary.NativeEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(body)))
	message = binary.NativeEndian.AppendUint16(message, kind)
	message = binary.NativeEndian.AppendUint16(message, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE)
	message = append(message, make([]byte, 8)...) // sequence number, port
	if err := unix.Sendto(fd, append(message, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return err
	}
	if n < unix.NLMSG_HDRLEN+4 {
		return unix.EBADMSG
	}
	if errno := int32(binary.NativeEndian.Uint32(answer[unix.NLMSG_HDRLEN:])); errno != 0 {
		return unix.Errno(-errno)
	}
	return nil
}
