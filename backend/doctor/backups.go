package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// copies are the kept copies of a file, the oldest first.
func (l *look) copies(name string) []string {
	var found []string
	all, err := os.ReadDir(l.env.Settings.Paths.Backup())
	if err != nil {
		return nil
	}
	for _, e := range all { // by name, which sorts by time
		if strings.HasPrefix(e.Name(), name+".") {
			found = append(found, filepath.Join(l.env.Settings.Paths.Backup(), e.Name()))
		}
	}
	return found
}

// checkBackups looks at the folder without which no file of Codex's is changed.
func checkBackups(_ context.Context, l *look) Result {
	dir := l.env.Settings.Paths.Backup()
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Result{Status: OK, Text: "none yet: none of your files was changed"}
	case err != nil:
		return Result{Status: Fail, Text: fmt.Sprintf("cannot be read: %v", err), Mend: "mend the permissions of " + dir}
	case !info.IsDir():
		return Result{Status: Fail, Text: dir + " is no folder: nothing of Codex's can be changed", Mend: "move it away"}
	case l.env.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return Result{Status: Warn, Text: dir + " is open to other users, and a config may hold keys", Mend: "chmod 700 " + dir}
	case l.env.GOOS != "windows" && info.Mode().Perm()&0o300 != 0o300:
		return Result{Status: Fail, Text: dir + " cannot be written: nothing of Codex's can be changed", Mend: "chmod 700 " + dir}
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		return Result{Status: Fail, Text: fmt.Sprintf("cannot be read: %v", err), Mend: "mend the permissions of " + dir}
	}
	return Result{Status: OK, Text: fmt.Sprintf("%d in %s", len(all), dir)}
}
