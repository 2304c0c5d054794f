package socket

import (
	"encoding/binary"
	"net/netip"
)

// tableRow is one socket of Windows' TCP table.
type tableRow struct {
	local, remote netip.AddrPort
	pid           uint32
}

// parseTable4 reads MIB_TCPTABLE_OWNER_PID: a count, then rows of six 32-bit
// numbers: state, local address, local port, remote address, remote port, pid.
func parseTable4(table []byte) []tableRow {
	return parseTable(table, 24, func(r []byte) tableRow {
		end := func(at int) netip.AddrPort {
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte(r[at:])), binary.BigEndian.Uint16(r[at+4:]))
		}
		return tableRow{end(4), end(12), binary.LittleEndian.Uint32(r[20:])}
	})
}

// parseTable6 reads MIB_TCP6TABLE_OWNER_PID: local address, scope and port, the
// same of the remote end, state, pid.
func parseTable6(table []byte) []tableRow {
	return parseTable(table, 56, func(r []byte) tableRow {
		end := func(at int) netip.AddrPort {
			return netip.AddrPortFrom(netip.AddrFrom16([16]byte(r[at:])).Unmap(), binary.BigEndian.Uint16(r[at+20:]))
		}
		return tableRow{end(0), end(24), binary.LittleEndian.Uint32(r[52:])}
	})
}

func parseTable(table []byte, size int, read func([]byte) tableRow) []tableRow {
	if len(table) < 4 {
		return nil
	}
	var rows []tableRow
	n := int(binary.LittleEndian.Uint32(table))
	for table = table[4:]; n > 0 && len(table) >= size; n-- {
		rows = append(rows, read(table[:size]))
		table = table[size:]
	}
	return rows
}
