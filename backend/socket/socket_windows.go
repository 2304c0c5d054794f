package socket

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// findListener asks the TCP table for the listener on addr or on all addresses.
func findListener(_ context.Context, addr netip.AddrPort) (Owner, error) {
	rows, err := sockets(addr.Addr(), tableListeners)
	if err != nil {
		return Owner{}, err
	}
	pid := listenerPID(rows, addr)
	if pid == 0 {
		return Owner{}, ErrHidden
	}
	return Owner{PID: int(pid), Name: programName(pid), Ours: sameUser(pid)}, nil
}

func servedByUs(_ context.Context, addr netip.AddrPort) (bool, error) {
	rows, err := sockets(addr.Addr(), tableListeners)
	if err != nil {
		return false, err
	}
	pid := listenerPID(rows, addr)
	if pid == 0 {
		return false, ErrHidden
	}
	return sameUser(pid), nil
}

func peer(_ context.Context, local, remote netip.AddrPort) (bool, error) {
	rows, err := sockets(remote.Addr(), tableConnections)
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		// A connection that has ended on one side belongs to no process any more.
		if r.local == remote && r.remote == local && r.pid != 0 {
			return sameUser(r.pid), nil
		}
	}
	return false, ErrHidden
}

// TCP_TABLE_CLASS of GetExtendedTcpTable.
const (
	tableListeners   = 3 // TCP_TABLE_OWNER_PID_LISTENER
	tableConnections = 4 // TCP_TABLE_OWNER_PID_CONNECTIONS
)

// sockets returns the rows of one class in the family of addr.
func sockets(addr netip.Addr, class uintptr) ([]tableRow, error) {
	if addr.Is4() {
		table, err := tcpTable(windows.AF_INET, class)
		return parseTable4(table), err
	}
	table, err := tcpTable(windows.AF_INET6, class)
	return parseTable6(table), err
}

func tcpTable(family, class uintptr) ([]byte, error) {
	proc := windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")
	if err := proc.Find(); err != nil {
		return nil, fmt.Errorf("list sockets: %w", err)
	}
	size := uint32(16 << 10)
	for range 8 {
		buf := make([]byte, size)
		r, _, _ := proc.Call(uintptr(unsafe.Pointer(&buf[0])), uintptr(unsafe.Pointer(&size)), 0, family, class)
		switch windows.Errno(r) {
		case 0:
			return buf, nil
		case windows.ERROR_INSUFFICIENT_BUFFER: // size has grown
		default:
			return nil, fmt.Errorf("list sockets: %w", windows.Errno(r))
		}
	}
	return nil, fmt.Errorf("list sockets: %w", windows.ERROR_INSUFFICIENT_BUFFER)
}

func listenerPID(rows []tableRow, addr netip.AddrPort) uint32 {
	for _, want := range servers(addr.Addr()) {
		for _, r := range rows {
			if r.local == netip.AddrPortFrom(want, addr.Port()) {
				return r.pid
			}
		}
	}
	return 0
}

func programName(pid uint32) string {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(h)
	name := make([]uint16, windows.MAX_LONG_PATH)
	size := uint32(len(name))
	if err := windows.QueryFullProcessImageName(h, 0, &name[0], &size); err != nil {
		return ""
	}
	return filepath.Base(windows.UTF16ToString(name[:size]))
}

func sameUser(pid uint32) bool {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return false
	}
	defer windows.CloseHandle(h)
	var token windows.Token
	if err := windows.OpenProcessToken(h, windows.TOKEN_QUERY, &token); err != nil {
		return false
	}
	defer token.Close()
	theirs, err := token.GetTokenUser()
	if err != nil {
		return false
	}
	ours, err := windows.GetCurrentProcessToken().GetTokenUser()
	return err == nil && windows.EqualSid(theirs.User.Sid, ours.User.Sid)
}
