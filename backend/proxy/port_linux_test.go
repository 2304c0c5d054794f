package proxy

import (
	"net"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindPortOwner(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		got, err := findPortOwner(t.Context(), port)
		if err != nil || got.PID != os.Getpid() || !got.Ours || got.Name == "" || got.User == "" {
			t.Errorf("%s: %+v, %v; want this process", addr, got, err)
		}
		if portFree(t.Context(), port) {
			t.Errorf("%s: called free", addr)
		}
		l.Close()
		if _, err := findPortOwner(t.Context(), port); err != errOwnerHidden {
			t.Errorf("%s: after its end: %v", addr, err)
		}
		if !portFree(t.Context(), port) {
			t.Errorf("%s: called taken after its end", addr)
		}
	}
}

const procNetTCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:20D4 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11111 1 0000000000000000 100 0 0 10 0
   1: 00000000:20D4 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 22222 1 0000000000000000 100 0 0 10 0
   2: 0100007F:20D4 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 33333 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:20D5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 44444 1 0000000000000000 100 0 0 10 0
`

const procNetTCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:20D4 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 55555 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:20D6 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1002        0 66666 1 0000000000000000 100 0 0 10 0
`

// The socket that a connection to 127.0.0.1 reaches decides, not one of the
// other family or of all addresses, which another user may hold beside it.
func TestServesLoopback(t *testing.T) {
	all := func(port int) []listener {
		return append(parseListeners([]byte(procNetTCP), port), parseListeners([]byte(procNetTCP6), port)...)
	}
	got, ok := servesLoopback(all(8404))
	if !ok || got.uid != "1000" || got.inode != "11111" {
		t.Errorf("8404: %+v", got)
	}
	got, ok = servesLoopback(all(8406))
	if !ok || got.uid != "1002" {
		t.Errorf("8406, mapped: %+v", got)
	}
	if got, ok := servesLoopback(parseListeners([]byte(procNetTCP6), 8404)); ok {
		t.Errorf("::1 does not serve 127.0.0.1: %+v", got)
	}
	if diff := cmp.Diff(3, len(all(8404))); diff != "" {
		t.Error("listeners on 8404 ", diff)
	}
	if got := parseListeners([]byte("x\n 1: zz:20D4 0 0A 0 0 0 5 0 7\n 2: 0100007F 0 0A 0 0 0 5 0 7\n"), 8404); got != nil {
		t.Errorf("broken lines gave %+v", got)
	}
}
