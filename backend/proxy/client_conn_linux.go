package proxy

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// giveUp ends a connection whose bytes nobody acknowledges; the system alone would
// send them again for a quarter of an hour.
func giveUp(after time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) (err error) {
		failed := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(after.Milliseconds()))
		})
		if failed != nil {
			return failed
		}
		return err
	}
}
