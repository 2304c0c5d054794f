package doctor

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
)

// checkKey looks whether Codex proves to the bridge that it is this user's. Where
// the system tells whose a connection is, Codex gets in without.
func checkKey(_ context.Context, l *look) Result {
	ours := slices.DeleteFunc(l.home.KeyStates(), func(s codex.KeyState) bool { return !s.Ours })
	if len(ours) == 0 {
		return Result{Status: Skip, Text: "Codex has no provider of ours"}
	}
	text, err := os.ReadFile(l.env.Settings.Paths.Key())
	if err != nil {
		return Result{Status: Warn, Text: "there is none yet: " + withoutKey, Mend: setupCommand, Fix: l.setupFix()}
	}
	key, ok := guard.ParseKey(string(text))
	if !ok {
		return Result{Status: Fail, Text: l.env.Settings.Paths.Key() + " does not hold a key of clawrouter-codex", Mend: "delete it, then: " + setupCommand}
	}
	var in []string
	for _, state := range ours {
		switch {
		case !state.Private:
			return l.keyInTheOpen(state)
		case state.Key == "":
			return Result{Status: Warn, Text: state.Path + " does not hold it: " + withoutKey, Mend: setupCommand, Fix: l.setupFix()}
		case state.Key != key:
			return Result{Status: Warn, Text: state.Path + " holds another one than is in force", Mend: setupCommand + ", and start Codex again", Fix: l.setupFix()}
		}
		in = append(in, state.Path)
	}
	return Result{Status: OK, Text: "in " + strings.Join(in, " and ")}
}

const withoutKey = "the bridge asks the system whose a connection is, which not every system tells"

// keyInTheOpen is for a file that others can read, or that is a symlink: who can
// read the key can spend from the wallet.
func (l *look) keyInTheOpen(state codex.KeyState) Result {
	holds := "so it gets no key"
	if state.Key != "" {
		holds = "and it holds the key"
	}
	info, err := os.Lstat(state.Path)
	if err != nil || info.Mode()&fs.ModeSymlink != 0 {
		r := Result{Status: Warn, Text: state.Path + " is a symlink, " + holds + ": the folder behind it may be shared or published"}
		r.Mend = "nothing to do on Linux and Windows, where the bridge knows your Codex without; else put a file in its place, then: " + setupCommand
		if state.Key != "" {
			r.Mend = setupCommand + " --rotate-key"
		}
		return r
	}
	return Result{
		Status: Warn, Text: fmt.Sprintf("%s can be read by other users (%v), %s", state.Path, info.Mode().Perm(), holds),
		Mend: "chmod 600 " + state.Path + "; then: " + setupCommand + " --rotate-key",
		Fix: &Fix{ID: "key-mode", Did: "closed " + state.Path + " to other users and ran clawrouter-codex setup", Do: func(ctx context.Context) error {
			if err := os.Chmod(state.Path, 0o600); err != nil {
				return err
			}
			return l.env.Setup(ctx, l.port)
		}},
	}
}

// checkFiles looks at the program's own files: among them are the ledger and the
// keys.
func checkFiles(_ context.Context, l *look) Result {
	paths := l.env.Settings.Paths
	open, err := paths.Open()
	if err != nil {
		return Result{Status: Fail, Text: fmt.Sprintf("cannot be looked at: %v", err), Mend: "mend the permissions of " + paths.Root}
	}
	var foreign, loose []string
	for _, f := range open {
		if f.Foreign {
			foreign = append(foreign, f.Path)
		} else {
			loose = append(loose, fmt.Sprintf("%s (%v)", f.Path, f.Mode.Perm()))
		}
	}
	switch {
	case len(foreign) > 0:
		return Result{
			Status: Fail, Text: "another user's, so the link does not start: " + strings.Join(foreign, ", "),
			Mend: "look at it and move it away",
		}
	case len(loose) > 0:
		return Result{
			Status: Warn, Text: "open to other users: " + strings.Join(loose, ", "), Mend: "clawrouter-codex doctor --fix",
			Fix: &Fix{ID: "modes", Did: "closed the files in " + paths.Root + " to other users", Do: func(context.Context) error {
				_, err := paths.Tighten()
				return err
			}},
		}
	}
	return Result{Status: OK, Text: "yours alone"}
}
