package container

import (
	securejoin "github.com/cyphar/filepath-securejoin"
	"github.com/moby/sys/user"
)

// lookUp resolves "user", "uid", or either with ":group" or ":gid", in the image's own /etc/passwd and /etc/group, as
// Docker does (moby, daemon/oci_linux.go, getUser). "" means root.
func lookUp(root, name string) (*user.ExecUser, error) {
	passwd, err := securejoin.SecureJoin(root, "/etc/passwd")
	if err != nil {
		return nil, err
	}
	group, err := securejoin.SecureJoin(root, "/etc/group")
	if err != nil {
		return nil, err
	}
	return user.GetExecUserPath(name, &user.ExecUser{Home: "/"}, passwd, group)
}
