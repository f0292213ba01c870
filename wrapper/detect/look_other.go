//go:build !linux

package detect

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

func look() (mode.Evidence, error) {
	return mode.Evidence{}, fmt.Errorf("iptables modes are a matter of Linux, this is %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
