package socket

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestListener(t *testing.T) {
	for _, c := range []struct {
		listen string
		reach  func(int) netip.AddrPort
	}{
		{"127.0.0.1:0", V4}, {"0.0.0.0:0", V4}, {"[::]:0", V4}, {"[::1]:0", V6}, {"[::]:0", V6},
	} {
		l, err := net.Listen("tcp", c.listen)
		if err != nil {
			t.Fatal(err)
		}
		addr := c.reach(l.Addr().(*net.TCPAddr).Port)
		got, err := Listener(t.Context(), addr)
		if err != nil || got.PID != os.Getpid() || !got.Ours || got.Name == "" || got.User == "" {
			t.Errorf("%s: %+v, %v; want this process", c.listen, got, err)
		}
		if ours, err := ServedByUs(t.Context(), addr); !ours || err != nil {
			t.Errorf("%s: served by us: %v, %v", c.listen, ours, err)
		}
		if Free(t.Context(), addr) {
			t.Errorf("%s: %s is called free", c.listen, addr)
		}
		l.Close()
		if got, err := Listener(t.Context(), addr); err == nil {
			t.Errorf("%s: after its end: %+v", c.listen, got)
		}
		if ours, err := ServedByUs(t.Context(), addr); ours || !errors.Is(err, ErrHidden) {
			t.Errorf("%s: after its end served by us: %v, %v", c.listen, ours, err)
		}
		if !Free(t.Context(), addr) {
			t.Errorf("%s: %s is called taken after its end", c.listen, addr)
		}
	}
}

// connected is a connection, and its client's and its server's end.
func connected(t *testing.T, listen, dial string) (client net.Conn, local, remote netip.AddrPort) {
	t.Helper()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = net.Dial("tcp", net.JoinHostPort(dial, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)))
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server.LocalAddr().(*net.TCPAddr).AddrPort(), server.RemoteAddr().(*net.TCPAddr).AddrPort()
}

const procNetTCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:20D4 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11111 1 0000000000000000 100 0 0 10 0
   1: 00000000:20D4 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 22222 1 0000000000000000 100 0 0 10 0
   2: 0100007F:20D4 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 33333 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:20D5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 44444 1 0000000000000000 100 0 0 10 0
   4: 0100007F:D431 0100007F:20D4 01 00000000:00000000 00:00000000 00000000  1000        0 77777 1 0000000000000000 20 4 30 10 -1
   5: 0100007F:D432 0100007F:20D4 05 00000000:00000000 00:00000000 00000000     0        0 0 2 0000000000000000
`

const procNetTCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:20D4 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 55555 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:20D6 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1002        0 66666 1 0000000000000000 100 0 0 10 0
`

// The socket that a connection reaches decides, not one of the other family or of
// all addresses, which another user may hold beside it.
func TestTheMostSpecificSocketServes(t *testing.T) {
	all := func(port uint16) []row {
		return append(parseSockets(strings.NewReader(procNetTCP), port), parseSockets(strings.NewReader(procNetTCP6), port)...)
	}
	for name, c := range map[string]struct {
		rows []row
		at   netip.AddrPort
		uid  string
	}{
		"127.0.0.1":                      {all(8404), V4(8404), "1000"},
		"::1":                            {all(8404), V6(8404), "1001"},
		"mapped":                         {all(8406), V4(8406), "1002"},
		"::1 does not serve 127.0.0.1":   {parseSockets(strings.NewReader(procNetTCP6), 8404), V4(8404), ""},
		"0.0.0.0 does not serve ::1":     {parseSockets(strings.NewReader(procNetTCP), 8404), V6(8404), ""},
		"a connection is not a listener": {all(0xD431), V4(0xD431), ""},
		"broken lines":                   {parseSockets(strings.NewReader("x\n 1: zz:20D4 0 0A 0 0 0 5 0 7\n 2: 0100007F 0 0A 0 0 :20D4 5 0 7\n"), 8404), V4(8404), ""},
	} {
		if got, ok := serving(c.rows, c.at.Addr()); got.uid != c.uid || ok != (c.uid != "") {
			t.Errorf("%s: %+v, want user %q", name, got, c.uid)
		}
	}
}

// Of the rows of a connection only the other end's tells who asks, and a socket
// that is closed already says "root" whoever opened it.
func TestIsPeer(t *testing.T) {
	client := netip.MustParseAddrPort("127.0.0.1:54321")
	got := map[string]bool{}
	for _, s := range append(parseSockets(strings.NewReader(procNetTCP), 0xD431), parseSockets(strings.NewReader(procNetTCP), 0xD432)...) {
		got[s.inode] = s.isPeer(V4(8404), client)
	}
	if len(got) != 2 || !got["77777"] || got["0"] {
		t.Errorf("peers by inode: %v", got)
	}
}

// The table of a busy machine has tens of thousands of lines; what it takes to look one
// up does not grow with them.
func TestALongTableTakesNoMemory(t *testing.T) {
	header, own, _ := strings.Cut(procNetTCP, "\n")
	other := "   9: 0100007F:1F90 0100007F:C001 06 00000000:00000000 03:000004D2 00000000     0        0 0 3 0000000000000000\n"
	count := func(others int) float64 {
		table := header + "\n" + strings.Repeat(other, others) + own
		return testing.AllocsPerRun(5, func() {
			if got := parseSockets(strings.NewReader(table), 0xD431); len(got) != 1 {
				t.Fatalf("%d rows, want 1", len(got))
			}
		})
	}
	if few, many := count(10), count(50_000); many > few {
		t.Errorf("%v allocations with 10 connections of others, %v with 50,000", few, many)
	}
}

func TestPeer(t *testing.T) {
	for _, c := range []struct{ listen, dial string }{
		{"127.0.0.1:0", "127.0.0.1"}, {"[::1]:0", "::1"}, {"[::]:0", "127.0.0.1"},
	} {
		client, local, remote := connected(t, c.listen, c.dial)
		if ours, err := Peer(t.Context(), local, remote); !ours || err != nil {
			t.Errorf("%s: our own connection is not known for ours: %v", c.listen, err)
		}
		other := netip.AddrPortFrom(remote.Addr(), remote.Port()^1)
		if ours, err := Peer(t.Context(), local, other); ours || !errors.Is(err, ErrHidden) {
			t.Errorf("%s: a connection that does not exist is known: ours %v, %v", c.listen, ours, err)
		}
		client.Close()
		if ours, err := Peer(t.Context(), local, remote); ours || !errors.Is(err, ErrHidden) {
			t.Errorf("%s: a connection that its client has closed proves nothing: ours %v, %v", c.listen, ours, err)
		}
	}
}

// FuzzParseSockets: a table that the kernel did not write ends nothing.
func FuzzParseSockets(f *testing.F) {
	f.Add(procNetTCP, uint16(8404))
	f.Add(procNetTCP6, uint16(8406))
	f.Add(" 1: zz:20D4 0 0A 0 0 0 5 0 7\n", uint16(8404))
	f.Fuzz(func(t *testing.T, table string, port uint16) {
		for _, s := range parseSockets(strings.NewReader(table), port) {
			if s.local.Port() != port || !s.local.IsValid() || !s.remote.IsValid() {
				t.Errorf("%+v is not a socket on port %d", s, port)
			}
		}
	})
}
