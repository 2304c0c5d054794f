package daemon

import (
	"context"
	"path/filepath"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// RememberOptions is what Remember needs.
type RememberOptions struct {
	Settings *settings.Settings
	Environ  []string // as os.Environ
	Home     string   // the user's home folder
	Codex    string   // path of the installed Codex, "" where there is none
}

// Remember stores what a start without the shell's environment, at login or from
// a desktop, could not find: Node.js, and what the environment or a flag says of
// ports, of Codex's folder, of the wallet's place, and its address where the place
// is the environment itself. The key is never stored, and a setting that nobody chose goes on following its default.
func Remember(ctx context.Context, o RememberOptions) error {
	changes, err := o.changes(ctx)
	if err != nil {
		return err
	}
	return editAlone(ctx, o.Settings.Paths, func() error { return o.store(changes) })
}

// store is for a caller that holds the edit lock.
func (o RememberOptions) store(changes []settings.Change) error {
	err := proxy.NoteWallet(o.Settings.Paths.Root, proxy.WalletSearch{Env: o.Environ, KeyFile: o.Settings.WalletKeyFile.V, Home: o.Home})
	if err != nil || len(changes) == 0 {
		return err
	}
	return o.Settings.Store(changes...)
}

func (o RememberOptions) changes(ctx context.Context) ([]settings.Change, error) {
	changes := append(chosen(o.Settings), absolutes("codex", o.Codex)...)
	node, err := proxy.CheckNode(ctx, proxy.NodeSearch{
		Env: o.Environ, Home: o.Home, Node: o.Settings.Node.V, Npx: o.Settings.Npx.V,
	})
	// A missing Node.js is told by the start that needs it.
	if err == nil {
		changes = append(changes, absolutes("node", node.Path)...)
		changes = append(changes, absolutes("npx", node.Npx)...)
	}
	return changes, ctx.Err()
}

// chosen are the settings that only this environment or command line knows.
func chosen(s *settings.Settings) []settings.Change {
	var changes []settings.Change
	if passing(s.Port.Origin) {
		changes = append(changes, settings.Change{Key: "port", Value: s.Port.V})
	}
	if passing(s.ProxyPort.Origin) {
		changes = append(changes, settings.Change{Key: "proxy_port", Value: s.ProxyPort.V})
	}
	if passing(s.CodexHome.Origin) {
		changes = append(changes, settings.Change{Key: "codex_home", Value: s.CodexHome.V})
	}
	if passing(s.WalletKeyFile.Origin) {
		changes = append(changes, settings.Change{Key: "wallet_key_file", Value: s.WalletKeyFile.V})
	}
	return changes
}

func passing(o settings.Origin) bool {
	return o == settings.Environment || o == settings.Flag
}

// absolutes leaves out a path that is empty or depends on the working folder.
func absolutes(key, path string) []settings.Change {
	if !filepath.IsAbs(path) {
		return nil
	}
	return []settings.Change{{Key: key, Value: path}}
}
