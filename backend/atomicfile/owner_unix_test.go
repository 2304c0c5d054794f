//go:build unix

package atomicfile

import (
	"io/fs"
	"syscall"
)

// owner is a file's user and group.
func owner(info fs.FileInfo) [2]uint32 {
	stat := info.Sys().(*syscall.Stat_t)
	return [2]uint32{stat.Uid, stat.Gid}
}
