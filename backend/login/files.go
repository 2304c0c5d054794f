package login

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// commandPatience bounds launchctl and systemctl, which wait for a service of the
// session.
const commandPatience = 10 * time.Second

func runSystem(ctx context.Context, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	return cmd.Run()
}

// readItem is the text of an item, and whether there is one.
func readItem(path string) (text []byte, there bool, err error) {
	text, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return text, err == nil, err
}

func writeItem(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, text, 0o644)
}

func removeItem(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// configHome is $XDG_CONFIG_HOME; a relative one does not count, says its
// specification.
func (o Options) configHome() string {
	if dir, ok := o.LookupEnv("XDG_CONFIG_HOME"); ok && filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(o.Home, ".config")
}
