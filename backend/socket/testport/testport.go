// Package testport finds ports for tests that hand one to a program, have it go and
// come back, and must meet nobody else there meanwhile.
package testport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// The ports lie below the range from which systems take those of outgoing connections
// and of listeners that ask for any: another test of this machine would be given a
// port whose program is dead for a moment.
const first, count = 20000, 10000

// Free is a port that nobody listens on, on both loopback families.
func Free(t testing.TB) int {
	t.Helper()
	ports, err := Find(1)
	if err != nil {
		t.Fatal(err)
	}
	return ports[0]
}

// Find returns n such ports, all different.
func Find(n int) ([]int, error) {
	six := listens("tcp6", "::1", 0)
	found := map[int]bool{}
	var ports []int
	for range 100 * n {
		if len(ports) == n {
			return ports, nil
		}
		port := first + rand.IntN(count)
		if !found[port] && listens("tcp4", "127.0.0.1", port) && (!six || listens("tcp6", "::1", port)) {
			found[port] = true
			ports = append(ports, port)
		}
	}
	if len(ports) == n {
		return ports, nil
	}
	return nil, fmt.Errorf("%d of %d ports are free between %d and %d", len(ports), n, first, first+count)
}

func listens(network, host string, port int) bool {
	l, err := net.Listen(network, net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
