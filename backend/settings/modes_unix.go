//go:build unix

package settings

import (
	"io/fs"
	"os"
	"syscall"
)

func ownedByOther(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) != os.Geteuid()
}

func openMode(mode fs.FileMode) bool { return mode.Perm()&0o077 != 0 }
