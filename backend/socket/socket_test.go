package socket

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOwnerInWords(t *testing.T) {
	for want, o := range map[string]Owner{
		"nginx (pid 812, user www-data)": {PID: 812, Name: "nginx", User: "www-data"},
		"nginx (pid 812)":                {PID: 812, Name: "nginx"},
		"another program (user root)":    {User: "root"},
		"another program":                {},
	} {
		if got := o.String(); got != want {
			t.Errorf("%+v is %q, want %q", o, got, want)
		}
	}
}

func TestLsofListener(t *testing.T) {
	const out = "p101\ncnode\nLalice\nf12\nn*:8404\np202\ncnode\nLbob\nf7\nn127.0.0.1:8404\np303\ncnode\nLeve\nf7\nn[::1]:8404\n\n"
	for name, c := range map[string]struct {
		out  string
		at   netip.AddrPort
		want Owner
	}{
		"127.0.0.1":                   {out, V4(8404), Owner{PID: 202, Name: "node", User: "bob"}},
		"::1":                         {out, V6(8404), Owner{PID: 303, Name: "node", User: "eve"}},
		"all addresses":               {"p101\ncnode\nLalice\nf12\nn*:8404\n", V4(8404), Owner{PID: 101, Name: "node", User: "alice"}},
		"::1 serves no 127.0.0.1":     {"p1\ncnode\nLalice\nf1\nn[::1]:8404\n\n", V4(8404), Owner{}},
		"nothing that it may tell of": {"", V4(8404), Owner{}},
	} {
		if got, ok := lsofListener(c.out, c.at.Addr()); got != c.want || ok != (c.want.PID != 0) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestLsofPeer(t *testing.T) {
	const out = "p11\ncbridge\nLann\nf9\nn127.0.0.1:8403->127.0.0.1:50000\nn[::1]:8403->[::1]:50000\np22\nccodex\nLann\nf3\nn127.0.0.1:50000->127.0.0.1:8403\nf4\nn[::1]:50000->[::1]:8403\n"
	for _, ends := range [][2]netip.AddrPort{{V4(8403), V4(50000)}, {V6(8403), V6(50000)}} {
		if got, ok := lsofPeer(out, ends[0], ends[1]); !ok || got.Name != "codex" {
			t.Errorf("%v: got %+v", ends, got)
		}
	}
	if got, ok := lsofPeer(out, V4(8403), V4(50001)); ok {
		t.Errorf("another connection: %+v", got)
	}
}

// The rows are what iphlpapi writes: addresses and ports in network order, the
// rest little-endian.
func TestWindowsTable(t *testing.T) {
	port := func(p uint16) []byte { return append(binary.BigEndian.AppendUint16(nil, p), 0, 0) }
	number := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	v4 := join(number(1), number(5), []byte{127, 0, 0, 1}, port(50000), []byte{127, 0, 0, 1}, port(8403), number(4711))
	six := netip.IPv6Loopback().As16()
	v6 := join(number(1), six[:], number(0), port(50000), six[:], number(0), port(8403), number(5), number(4712))
	if diff := cmp.Diff([]tableRow{{V4(50000), V4(8403), 4711}}, parseTable4(v4), exportRow); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]tableRow{{V6(50000), V6(8403), 4712}}, parseTable6(v6), exportRow); diff != "" {
		t.Error(diff)
	}
	// The count may promise more than there is.
	if got := parseTable4(join(number(9), v4[4:20])); got != nil {
		t.Errorf("half a row gave %+v", got)
	}
	if got := parseTable6(nil); got != nil {
		t.Errorf("no table gave %+v", got)
	}
}

var exportRow = cmp.Comparer(func(a, b tableRow) bool { return a == b })

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
