package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// findPortOwner reads the sockets of the system, as every user may. The pid is
// known only for this user's own processes.
func findPortOwner(_ context.Context, port int) (portOwner, error) {
	var socks []listener
	for _, name := range []string{"tcp", "tcp6"} {
		b, err := os.ReadFile(filepath.Join("/proc/self/net", name))
		if err == nil {
			socks = append(socks, parseListeners(b, port)...)
		}
	}
	s, ok := servesLoopback(socks)
	if !ok {
		return portOwner{}, errOwnerHidden
	}
	o := portOwner{User: s.uid, Ours: s.uid == strconv.Itoa(os.Getuid())}
	if u, err := user.LookupId(s.uid); err == nil {
		o.User = u.Username
	}
	if o.PID = holderOf(s.inode); o.PID != 0 {
		b, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(o.PID), "comm"))
		o.Name = strings.TrimSpace(string(b))
	}
	return o, nil
}

// listener is one listening socket of /proc/net/tcp or tcp6.
type listener struct {
	addr  netip.Addr
	uid   string
	inode string
}

// parseListeners reads "sl local_address rem_address st … uid timeout inode".
// An address is printed as 32-bit words in the machine's own byte order.
func parseListeners(table []byte, port int) []listener {
	const stateListen = "0A"
	var out []listener
	sc := bufio.NewScanner(bytes.NewReader(table))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) < 10 || f[3] != stateListen {
			continue
		}
		host, hexPort, ok := strings.Cut(f[1], ":")
		n, err := strconv.ParseUint(hexPort, 16, 16)
		if !ok || err != nil || int(n) != port {
			continue
		}
		if addr, ok := parseProcAddr(host); ok {
			out = append(out, listener{addr, f[7], f[9]})
		}
	}
	return out
}

func parseProcAddr(digits string) (netip.Addr, bool) {
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw)%4 != 0 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return addr.Unmap(), ok
}

// servesLoopback picks the socket that a connection to 127.0.0.1 reaches: the
// most specific one.
func servesLoopback(socks []listener) (listener, bool) {
	for _, want := range []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		for _, s := range socks {
			if s.addr == want {
				return s, true
			}
		}
	}
	return listener{}, false
}

func holderOf(inode string) int {
	want := "socket:[" + inode + "]"
	pids, err := procNumbers()
	if err != nil {
		return 0
	}
	for _, pid := range pids {
		dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
		fds, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if link, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && link == want {
				return pid
			}
		}
	}
	return 0
}
