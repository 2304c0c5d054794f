package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// backupTime sorts as text in the order of time.
const backupTime = "20060102T150405.000000000Z"

// Backup copies path into dir under its name and now, and keeps the newest keep
// copies of it. It returns the copy's path, "" where path does not exist. The
// copy is readable by this user alone: a config may hold keys.
func Backup(path, dir string, now time.Time, keep int) (string, error) {
	return BackupIn(System{}, path, dir, now, keep)
}

// BackupIn is Backup on the given file operations.
func BackupIn(ops Operations, path, dir string, now time.Time, keep int) (string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	prefix := filepath.Base(path) + "."
	made := filepath.Join(dir, prefix+now.UTC().Format(backupTime))
	if err := WriteIn(ops, made, data, 0o600); err != nil {
		return "", err
	}
	return made, prune(ops, dir, prefix, keep)
}

func prune(ops Operations, dir, prefix string, keep int) error {
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var copies []string
	for _, e := range all {
		// Only names that Backup gave: a user may keep files of their own here.
		if _, err := time.Parse(backupTime, strings.TrimPrefix(e.Name(), prefix)); err == nil {
			copies = append(copies, e.Name())
		}
	}
	sort.Strings(copies)
	for len(copies) > keep {
		if err := ops.Remove(filepath.Join(dir, copies[0])); err != nil {
			return err
		}
		copies = copies[1:]
	}
	return nil
}
