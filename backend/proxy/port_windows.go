package proxy

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// findPortOwner asks the TCP table for the listener on 127.0.0.1 or on all
// addresses.
func findPortOwner(_ context.Context, port int) (portOwner, error) {
	table, err := tcpListeners()
	if err != nil {
		return portOwner{}, err
	}
	pid := listenerPID(table, port)
	if pid == 0 {
		return portOwner{}, errOwnerHidden
	}
	o := portOwner{PID: int(pid)}
	if id, ok := inspect(int(pid)); ok {
		o.Name = filepath.Base(id.Exe)
	}
	o.Ours = sameUser(pid)
	return o, nil
}

const tcpTableOwnerPIDListener = 3

// tcpListeners returns MIB_TCPTABLE_OWNER_PID: a count, then rows of six
// 32-bit numbers.
func tcpListeners() ([]byte, error) {
	proc := windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")
	if err := proc.Find(); err != nil {
		return nil, fmt.Errorf("list sockets: %w", err)
	}
	size := uint32(16 << 10)
	for range 8 {
		buf := make([]byte, size)
		r, _, _ := proc.Call(uintptr(unsafe.Pointer(&buf[0])), uintptr(unsafe.Pointer(&size)), 0,
			windows.AF_INET, tcpTableOwnerPIDListener, 0)
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

func listenerPID(table []byte, port int) uint32 {
	const row = 24 // state, local address, local port, remote address, remote port, pid
	var any uint32
	n := int(binary.LittleEndian.Uint32(table))
	for i := range n {
		if len(table) < 4+(i+1)*row {
			break
		}
		r := table[4+i*row:]
		addr, pid := r[4:8], binary.LittleEndian.Uint32(r[20:])
		if int(binary.BigEndian.Uint16(r[8:])) != port {
			continue
		}
		switch [4]byte(addr) {
		case [4]byte{127, 0, 0, 1}:
			return pid
		case [4]byte{}:
			any = pid
		}
	}
	return any
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
