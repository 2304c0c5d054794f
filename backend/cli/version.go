package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// versions are ours and those of the programs on both sides of us.
type versions struct {
	Build
	Codex      found `json:"codex"`
	ClawRouter found `json:"clawrouter"`
}

// found is another program, as it was met on this machine.
type found struct {
	Version string `json:"version,omitempty"`
	Place   string `json:"place,omitempty"`   // path or address
	Problem string `json:"problem,omitempty"` // why there is no version
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and those of Codex and ClawRouter",
		Long: `Print the version of clawrouter-codex, the commit and system that it was built
for, and the versions of the Codex and the ClawRouter that it finds. Nothing is
asked outside this machine.`,
		Example: "  clawrouter-codex version\n  clawrouter-codex version --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := a.versions(cmd.Context())
			a.answer(v, v.text())
			return nil
		},
	}
}

func (a *app) versions(ctx context.Context) versions {
	v := versions{Build: a.env.Build}
	v.Version = a.env.Version
	var wg sync.WaitGroup
	wg.Go(func() { v.Codex = a.codexVersion(ctx) })
	wg.Go(func() { v.ClawRouter = a.clawRouterVersion(ctx) })
	wg.Wait()
	return v
}

func (a *app) codexVersion(ctx context.Context) found {
	s, err := settings.Load(a.env.Machine, a.flags)
	if err != nil {
		s = &settings.Settings{} // told by the doctor
	}
	path := a.findCodex(s)
	if path == "" {
		return found{Problem: "not found on PATH"}
	}
	program := codex.Program{Path: path, Env: a.env.Environ, Node: s.Node.V}
	version, err := program.Version(ctx)
	if err != nil {
		return found{Place: path, Problem: err.Error()}
	}
	return found{Version: version, Place: path}
}

func (a *app) clawRouterVersion(ctx context.Context) found {
	var state link.State
	err := a.withLink(ctx, func(l link.Link) (err error) {
		state, err = l.State(ctx)
		return err
	})
	if err != nil {
		return found{Problem: err.Error()}
	}
	f := found{Version: state.Proxy.Version, Place: state.Proxy.URL}
	if f.Version != "" {
		return f
	}
	return a.askClawRouter(ctx, f)
}

// askClawRouter asks a ClawRouter that the link did not start; with no link
// running, nobody has asked it yet.
func (a *app) askClawRouter(ctx context.Context, f found) found {
	client, err := proxy.NewClient(f.Place, proxy.ClientOptions{UserAgent: "clawrouter-codex/" + a.env.Version})
	if err != nil {
		f.Problem = err.Error()
		return f
	}
	defer client.Close()
	id, err := client.Identify(ctx)
	f.Version = id.Health.Version
	switch {
	case err != nil:
		f.Problem = "does not run"
	case !id.ClawRouter:
		f.Problem = "another server answers"
	case f.Version == "":
		f.Problem = "runs, and does not tell its version"
	}
	return f
}

func (v versions) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "clawrouter-codex %s\n", v.Version)
	if v.Commit != "" {
		fmt.Fprintf(&b, "  commit      %s", v.Commit[:min(len(v.Commit), shortHash)])
		if day, _, ok := strings.Cut(v.Time, "T"); ok {
			fmt.Fprintf(&b, " of %s", day)
		}
		if v.Modified {
			b.WriteString(", with changes")
		}
		b.WriteByte('\n')
	}
	cgo := "without cgo"
	if v.Cgo {
		cgo = "with cgo"
	}
	fmt.Fprintf(&b, "  build       %s/%s, %s, %s\n", v.OS, v.Arch, v.Go, cgo)
	fmt.Fprintf(&b, "  Codex       %s\n", v.Codex)
	fmt.Fprintf(&b, "  ClawRouter  %s\n", v.ClawRouter)
	return b.String()
}

// String is for a person: "0.169.0 (/usr/bin/codex)".
func (f found) String() string {
	text := cmp.Or(f.Version, f.Problem)
	if f.Place != "" {
		text += " (" + f.Place + ")"
	}
	return text
}
