package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// source is the state of the tree that is packaged.
type source struct {
	Version string    // without a leading v
	Commit  string    // full hash
	Time    time.Time // of the commit, UTC; every file in a package has it
}

// stamp is the commit's time as the program prints it.
func (s source) stamp() string { return s.Time.Format("2006-01-02T15:04:05Z") }

// describe reads the version from git: the tag of the commit, else what Go's own
// tools call a commit without one. SOURCE_DATE_EPOCH, seconds, wins over the
// commit's time.
func describe(ctx context.Context, root string) (source, error) {
	commit, err := git(ctx, root, "rev-parse", "HEAD")
	if err != nil {
		return source{}, err
	}
	stamp, err := git(ctx, root, "show", "-s", "--format=%ct", "HEAD")
	if err != nil {
		return source{}, err
	}
	changes, err := git(ctx, root, "status", "--porcelain")
	if err != nil {
		return source{}, err
	}
	made, err := unix(stamp)
	if err != nil {
		return source{}, err
	}
	// Git fails where there is no tag, which is no fault.
	exact, _ := git(ctx, root, "describe", "--tags", "--exact-match", "--match", "v[0-9]*")
	before, _ := git(ctx, root, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
	s := source{Version: version(exact, before, commit, made, changes != ""), Commit: commit, Time: made}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		if s.Time, err = unix(epoch); err != nil {
			return source{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
		}
	}
	return s, nil
}

// version is that of a commit: exact is its tag and before the last tag below
// it, each "" for none.
func version(exact, before, commit string, made time.Time, changed bool) string {
	v := exact
	if !semver.IsValid(v) {
		v = module.PseudoVersion("", before, made, commit[:12])
	}
	if changed {
		v += "+dirty"
	}
	return strings.TrimPrefix(v, "v")
}

func unix(seconds string) (time.Time, error) {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, fmt.Errorf("%q is not a number of seconds", seconds)
	}
	return time.Unix(n, 0).UTC(), nil
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], complaint(err))
	}
	return strings.TrimSpace(string(out)), nil
}

// complaint puts what a program wrote to stderr into its error.
func complaint(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}

// copyTree copies the files that git knows, or would: what is ignored has no way
// into a package, and what the build leaves behind has none into the checkout.
func (j *job) copyTree(ctx context.Context) (remove func(), err error) {
	parent := filepath.Join(j.root, ".cache", "dist")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, err
	}
	if j.tree, err = os.MkdirTemp(parent, "tree-*"); err != nil {
		return nil, err
	}
	remove = func() { _ = os.RemoveAll(j.tree) }
	list, err := git(ctx, j.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		remove()
		return nil, err
	}
	for name := range strings.SplitSeq(strings.TrimRight(list, "\x00"), "\x00") {
		err := copyFile(filepath.Join(j.root, name), filepath.Join(j.tree, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) { // deleted, and not yet committed
			remove()
			return nil, err
		}
	}
	return remove, nil
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, data, info.Mode().Perm())
}

// writeFile writes a file and the folders above it.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode) // whatever the umask is
}
