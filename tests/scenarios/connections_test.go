package scenarios

import (
	"io"
	"net"
	"testing"
	"time"
)

// connections are TCP connections into the host, one in each family. They represent an ssh session.
type connections struct {
	t     *testing.T
	pairs [][2]net.Conn
}

const sshPort = "22"

// connect opens the connections from a client on the host's network.
func (h *host) connect() connections {
	h.t.Helper()
	within := h.addClient()
	c := connections{t: h.t}
	for _, address := range hostAddresses {
		at := net.JoinHostPort(address.Addr().String(), sshPort)
		listener, err := net.Listen("tcp", at)
		if err != nil {
			h.t.Fatal(err)
		}
		defer listener.Close()
		var client net.Conn
		within(func() { client, err = net.DialTimeout("tcp", at, 5*time.Second) })
		if err != nil {
			h.t.Fatal(err)
		}
		server, err := listener.Accept()
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { client.Close(); server.Close() })
		c.pairs = append(c.pairs, [2]net.Conn{client, server})
	}
	return c
}

// exchange sends bytes both ways over each connection.
func (c connections) exchange(after string) {
	c.t.Helper()
	for _, pair := range c.pairs {
		for i, from := range pair {
			to := pair[1-i]
			deadline := time.Now().Add(10 * time.Second)
			if err := to.SetDeadline(deadline); err != nil {
				c.t.Fatal(err)
			}
			got := make([]byte, len(after))
			if _, err := io.WriteString(from, after); err != nil {
				c.t.Fatalf("the connection from %v is lost after\n%s\n%v", from.LocalAddr(), after, err)
			}
			if n, err := io.ReadFull(to, got); err != nil || string(got) != after {
				c.t.Fatalf("the connection from %v is lost after\n%s\n%q, %v", from.LocalAddr(), after, got[:n], err)
			}
		}
	}
}

// firewall returns rules of one family that drop everything except the connections, in every table that can drop. If
// rules are removed before the policies are opened, or if a policy stays, the connections break.
func firewall(v6 bool, tables ...string) []string {
	var lines []string
	for _, table := range tables {
		lines = append(lines, "*"+table)
		chains := map[string][]string{
			"filter": {"INPUT", "FORWARD", "OUTPUT"}, "security": {"INPUT", "FORWARD", "OUTPUT"}, "raw": {"PREROUTING", "OUTPUT"},
			"mangle": {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"},
		}[table]
		for _, chain := range chains {
			lines = append(lines, ":"+chain+" DROP [0:0]")
		}
		lines = append(lines, ":TO-SSH - [0:0]", ":UNUSED - [0:0]")
		if table == "nat" { // has no policy but ACCEPT
			lines = append(lines, "-A PREROUTING -p tcp -m tcp --dport 2222 -j REDIRECT --to-ports "+sshPort, "-A TO-SSH -j ACCEPT", "COMMIT")
			continue
		}
		lines = append(lines, "-A TO-SSH -p tcp -m tcp --dport "+sshPort+" -j ACCEPT", "-A TO-SSH -p tcp -m tcp --sport "+sshPort+" -j ACCEPT")
		if v6 {
			lines = append(lines, "-A TO-SSH -p ipv6-icmp -j ACCEPT") // neighbours ask for addresses by it
		}
		for _, chain := range chains {
			lines = append(lines, "-A "+chain+" -j TO-SSH")
			if table == "filter" {
				lines = append(lines, "-A "+chain+" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
			}
		}
		lines = append(lines, "COMMIT")
	}
	return lines
}
