package testport_test

import (
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/socket/testport"
)

func TestPortsAreFreeAndDifferent(t *testing.T) {
	ports, err := testport.Find(20)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ports)
	if n := len(slices.Compact(slices.Clone(ports))); n != 20 {
		t.Errorf("%d different ports: %v", n, ports)
	}
	for _, port := range ports {
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Error(err)
			continue
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
