package socket

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// row is one socket of /proc/net/tcp or tcp6.
type row struct {
	local, remote netip.AddrPort
	state         string
	uid           string
	inode         string // "0" for one that no process holds any more
}

// stateListen is TCP_LISTEN.
const stateListen = "0A"

// sockets reads the sockets of the system with this port on their own side, as
// every user may.
func sockets(port uint16) []row {
	var all []row
	for _, name := range []string{"tcp", "tcp6"} {
		if f, err := os.Open(filepath.Join("/proc/self/net", name)); err == nil {
			all = append(all, parseSockets(f, port)...)
			f.Close()
		}
	}
	return all
}

// parseSockets reads "sl local_address rem_address st … uid timeout inode", line by
// line: the table is as long as all programs of the machine have connections, closed
// ones of the last minute included, which is megabytes on a busy one.
func parseSockets(table io.Reader, port uint16) []row {
	var all []row
	mark := fmt.Appendf(nil, ":%04X ", port)
	for lines := bufio.NewScanner(table); lines.Scan(); {
		line := lines.Bytes()
		if !bytes.Contains(line, mark) {
			continue
		}
		f := strings.Fields(string(line))
		if len(f) < 10 {
			continue
		}
		local, ok := parseAddress(f[1])
		remote, okRemote := parseAddress(f[2])
		if ok && okRemote && local.Port() == port {
			all = append(all, row{local, remote, f[3], f[7], f[9]})
		}
	}
	return all
}

// parseAddress reads "0100007F:20D4": 32-bit words in the machine's own byte
// order, and the port.
func parseAddress(text string) (netip.AddrPort, bool) {
	host, hexPort, ok := strings.Cut(text, ":")
	port, err := strconv.ParseUint(hexPort, 16, 16)
	raw, hexErr := hex.DecodeString(host)
	if !ok || err != nil || hexErr != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), ok
}

// findListener knows the pid only of this user's own processes.
func findListener(_ context.Context, addr netip.AddrPort) (Owner, error) {
	s, ok := serving(sockets(addr.Port()), addr.Addr())
	if !ok {
		return Owner{}, ErrHidden
	}
	o := Owner{User: s.uid, Ours: isOurs(s.uid)}
	if u, err := user.LookupId(s.uid); err == nil {
		o.User = u.Username
	}
	if o.PID = holderOf(s.inode); o.PID != 0 {
		b, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(o.PID), "comm"))
		o.Name = strings.TrimSpace(string(b))
	}
	return o, nil
}

func servedByUs(_ context.Context, addr netip.AddrPort) (bool, error) {
	s, ok := serving(sockets(addr.Port()), addr.Addr())
	if !ok {
		return false, ErrHidden
	}
	return isOurs(s.uid), nil
}

func serving(all []row, addr netip.Addr) (row, bool) {
	for _, want := range servers(addr) {
		for _, s := range all {
			if s.state == stateListen && s.local.Addr() == want {
				return s, true
			}
		}
	}
	return row{}, false
}

func peer(_ context.Context, local, remote netip.AddrPort) (bool, error) {
	for _, s := range sockets(remote.Port()) {
		if s.isPeer(local, remote) {
			return isOurs(s.uid), nil
		}
	}
	return false, ErrHidden
}

// isPeer: a socket that its process has closed already is printed as root's,
// whoever opened it.
func (s row) isPeer(local, remote netip.AddrPort) bool {
	return s.local == remote && s.remote == local && s.inode != "0"
}

// overflowUser is printed for every user who has no number in this process's user
// namespace (overflowuid of the kernel).
const overflowUser = "65534"

func isOurs(uid string) bool {
	return uid == strconv.Itoa(os.Geteuid()) && (uid != overflowUser || seesAllUsers())
}

// seesAllUsers is false in a container with users of its own.
var seesAllUsers = sync.OnceValue(func() bool {
	b, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && slices.Equal(strings.Fields(string(b)), []string{"0", "0", "4294967295"})
})

func holderOf(inode string) int {
	want := "socket:[" + inode + "]"
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0
	}
	for _, dir := range processes {
		fds, err := os.ReadDir(filepath.Join(dir, "fd"))
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if link, err := os.Readlink(filepath.Join(dir, "fd", fd.Name())); err == nil && link == want {
				pid, _ := strconv.Atoi(filepath.Base(dir))
				return pid
			}
		}
	}
	return 0
}
