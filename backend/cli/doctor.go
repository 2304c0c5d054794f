package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
	"github.com/BlockRunAI/clawrouter-codex/backend/codex"
	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/doctor"
	"github.com/BlockRunAI/clawrouter-codex/backend/link"
	"github.com/BlockRunAI/clawrouter-codex/backend/login"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket"
)

func (a *app) doctorCommand() *cobra.Command {
	var fix, deep bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look what is wrong, and which command mends it",
		Long: `Look at the bridge, ClawRouter, the wallet, Node.js, Codex and its files, and
print one line for each: ok, skip (nothing to look at, and why), warn or FAIL,
what is wrong, and after the arrow what mends it. Nothing has to run. Until the
first start one line says what to run, and what that brings is skipped.

Nothing is changed, unless with --fix: it writes a missing or wrong profile and
model list anew, and gives a base config that points at a dead bridge back to
your own provider. Whatever it replaces is copied to ~/.clawrouter-codex/backup
first.

Exit code 0 only if nothing is to be mended, else 1. With --json, "ok" says the
same, and "data" holds the checks in either case.`,
		Example: `  clawrouter-codex doctor
  clawrouter-codex doctor --fix
  clawrouter-codex doctor --deep --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), fix, deep) },
	}
	cmd.Flags().BoolVar(&fix, "fix", false, "mend what is safe to mend, and look again")
	cmd.Flags().BoolVar(&deep, "deep", false, "also send a turn through the whole link, on a free model")
	return cmd
}

func (a *app) doctor(ctx context.Context, fix, deep bool) error {
	env := a.doctorEnv()
	env.Deep = deep
	look := doctor.Run
	if fix {
		look = doctor.Mend
	}
	report := look(ctx, env)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.tellReport(report)
}

func (a *app) tellReport(report doctor.Report) error {
	switch {
	case !a.json:
		fmt.Fprint(a.env.Stdout, a.doctorText(report))
	case report.Well:
		a.printJSON(envelope{OK: true, Data: report})
	default:
		a.printJSON(envelope{Data: report, Error: &failure{Message: doctorCounts(report), Mend: doctorMend(report), Exit: exitFailed}})
	}
	if !report.Well {
		return statusError(exitFailed)
	}
	return nil
}

// checks makes the doctor's checks for a link that runs with s.
func (a *app) checks(ctx context.Context, s *settings.Settings) doctor.Report {
	return doctor.Run(ctx, a.doctorEnvFor(s, nil))
}

func (a *app) doctorEnv() doctor.Env {
	return a.doctorEnvFor(settings.Load(a.env.Machine, a.flags))
}

func (a *app) doctorEnvFor(s *settings.Settings, err error) doctor.Env {
	env := doctor.Env{
		Settings: s, SettingsErr: err, Version: a.env.Version, Environ: a.env.Environ,
		Home: a.env.Machine.Home, GOOS: a.env.Machine.GOOS, Now: a.env.Now,
		// Neither a proxy of the environment's nor a connection that is kept: both
		// servers are on this machine.
		Transport: &http.Transport{DisableKeepAlives: true},
		Listener:  socket.Listener, Free: socket.Free, Node: proxy.CheckNode,
	}
	if s == nil {
		return env
	}
	env.Running = func() (int, bool) {
		r, ok := daemon.Look(s.Paths)
		return r.Port(), ok
	}
	env.LinkSays = func(ctx context.Context) link.State { return linkSays(ctx, s.Paths) }
	if path := a.findCodex(s); path != "" {
		env.CodexPath = path
		env.Codex = &codex.Program{Path: path, Env: a.env.Environ, Node: s.Node.V, Scratch: scratch(s.Paths)}
	}
	env.Login = a.loginSwitch(s, login.Auto).State
	env.Setup = func(ctx context.Context, port int) error { return a.doctorSetup(ctx, s, port) }
	env.Subscription = func(ctx context.Context) error { return a.subscription(ctx, s) }
	return env
}

// linkSays is the state of the link that runs, zero where none does. Unlike withLink
// it mends nothing on the way.
func linkSays(ctx context.Context, paths settings.Paths) link.State {
	l, release, err := daemon.ConnectRunning(ctx, paths)
	if l == nil || err != nil {
		return link.State{}
	}
	defer release()
	state, err := l.State(ctx)
	if err != nil {
		return link.State{}
	}
	return state
}

// scratch is the state folder, or, where there is none, the system's: looking
// makes no folder.
func scratch(paths settings.Paths) string {
	if _, err := os.Stat(paths.Root); err != nil {
		return os.TempDir()
	}
	return paths.Root
}

// keptModelLists is how many copies of the model list stay.
const keptModelLists = 10

// doctorSetup is setup with a copy of the model list as well, which setup itself
// replaces without one.
func (a *app) doctorSetup(ctx context.Context, s *settings.Settings, port int) error {
	if err := s.Paths.Create(); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	list := codex.Home{Dir: s.CodexHome.V}.Catalog()
	if _, err := atomicfile.Backup(list, s.Paths.Backup(), a.env.Now(), keptModelLists); err != nil {
		return fmt.Errorf("keep a copy of %s: %w", list, err)
	}
	_, err := a.setUp(ctx, s, port)
	return err
}

// lockPatience bounds the wait for another command that edits Codex's files.
const lockPatience = 20 * time.Second

func (a *app) subscription(ctx context.Context, s *settings.Settings) error {
	if err := s.Paths.Create(); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for _, desktop := range daemon.NewDesktop(s, a.env.Now).All() {
		if _, err := desktop.Mend(ctx); err != nil {
			return err
		}
	}
	return nil
}

// doctorWords are the outcomes without colours; what needs a hand stands out.
var doctorWords = map[doctor.Status]string{doctor.OK: "ok", doctor.Skip: "skip", doctor.Warn: "warn", doctor.Fail: "FAIL"}

// doctorMarks are the outcomes on a terminal, with their style.
var doctorMarks = map[doctor.Status]struct{ mark, style string }{
	doctor.OK: {"✓", green}, doctor.Skip: {"·", faint}, doctor.Warn: {"!", yellow}, doctor.Fail: {"✗", red},
}

// Styles that only the checks need.
const (
	yellow = "33"
	red    = "31"
)

func (a *app) doctorText(r doctor.Report) string {
	width := 0
	for _, line := range r.Checks {
		width = max(width, len(line.Title))
	}
	var b strings.Builder
	for _, line := range r.Checks {
		mark := fmt.Sprintf("%-4s", doctorWords[line.Status])
		if a.env.OutTerminal {
			m := doctorMarks[line.Status]
			mark = a.style(true, m.style, m.mark)
		}
		fmt.Fprintf(&b, "%s  %-*s  %s", mark, width, line.Title, oneLine(line.Text))
		if line.Mend != "" {
			b.WriteString(" → " + line.Mend)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, did := range r.Mended {
		fmt.Fprintf(&b, "Mended: %s.\n", did)
	}
	if r.Well {
		b.WriteString("All is well.\n")
		return b.String()
	}
	fmt.Fprintf(&b, "%s.", doctorCounts(r))
	if line, ok := firstStart(r); ok {
		fmt.Fprintf(&b, " Begin with: %s", line.Mend)
	} else if mend := doctorMend(r); mend != "" {
		fmt.Fprintf(&b, " What can be mended without you: %s", mend)
	}
	b.WriteString("\n")
	return b.String()
}

func doctorCounts(r doctor.Report) string {
	return fmt.Sprintf("%d failed, %d to be looked at", r.Count(doctor.Fail), r.Count(doctor.Warn))
}

// firstStart is the line of a first start that is still to come: it mends more than
// --fix does.
func firstStart(r doctor.Report) (doctor.Line, bool) {
	for _, line := range r.Checks {
		if line.ID == doctor.FirstStart && line.Status == doctor.Fail {
			return line, true
		}
	}
	return doctor.Line{}, false
}

// doctorMend is the command that mends what can be mended without the user.
func doctorMend(r doctor.Report) string {
	if line, ok := firstStart(r); ok {
		return line.Mend
	}
	for _, line := range r.Checks {
		if line.Fixable {
			return "clawrouter-codex doctor --fix"
		}
	}
	return ""
}
