package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// Env is everything that a command takes from the world.
type Env struct {
	Args    []string // without the program's name
	Stdout  io.Writer
	Stderr  io.Writer
	Machine settings.Machine
	Environ []string // as os.Environ, for the programs that we start
	Program string   // our own executable, absolute
	Version string
	Build   Build // what else is known of the executable

	// Face is the menu bar and the window; nil where the program has neither.
	Face Face

	LookPath    func(name string) (string, error)
	OutTerminal bool // Stdout is a terminal
	ErrTerminal bool // Stderr is a terminal
	Now         func() time.Time
}

// app is one run of the program.
type app struct {
	env   Env
	json  bool
	flags settings.Overrides
}

// Run carries out one command line and returns the exit code.
func Run(ctx context.Context, env Env) int {
	a := &app{env: env, flags: settings.Overrides{}}
	root := a.root()
	root.SetArgs(headless(env.Args))
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	return a.fail(err)
}

// headless takes --headless away: it stands in front of every command, and alone
// it means start.
func headless(args []string) []string {
	if len(args) == 0 || args[0] != "--headless" {
		return args
	}
	args = args[1:]
	if len(args) == 0 || (strings.HasPrefix(args[0], "-") && !asksForHelp(args[0])) {
		return append([]string{"start"}, args...)
	}
	return args
}

func asksForHelp(arg string) bool { return arg == "-h" || arg == "--help" || arg == "--version" }

const rootLong = `clawrouter-codex lets OpenAI Codex run on any model that ClawRouter offers,
paid per request from a wallet.

    Codex ──▶ bridge :8403 ──▶ ClawRouter :8404 ──▶ BlockRun

Start with "clawrouter-codex up": it starts ClawRouter and the bridge, tells
Codex about them, and prints the line to start Codex with. To see it work first,
without a wallet or a network, run "clawrouter-codex up --demo".

Settings come from ~/.clawrouter-codex/settings.toml; the environment wins over
it: PORT, PROXY_PORT, CLAWROUTER_PROXY_URL, CLAWROUTER_CMD, WALLET_KEY_FILE,
BLOCKRUN_WALLET_KEY, ISOLATE_HOME, WEB_SEARCH, UPSTREAM_API_KEY, UPSTREAM_STREAM,
CLAWROUTER_UNSHIELDED, CODEX_HOME.
CLAWROUTER_CODEX_HOME moves the folder, CLAWROUTER_CODEX_LOG says how much is
logged. NO_COLOR switches colours off.

Exit codes: 0 done (also: already running) · 1 failed · 2 wrong command line or
settings · 3 something must be installed or reached first · 4 a port or the
state folder belongs to another process.`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "clawrouter-codex",
		Short:         "Run OpenAI Codex on any model of ClawRouter",
		Long:          rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       a.env.Version,
		Args:          unknownCommand,
		// cobra's own check, of flags that exclude each other, would end with 1.
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.ValidateFlagGroups(); err != nil {
				return &usageError{err: err, mend: cmd.CommandPath() + " --help"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.inMenuBar(cmd.Context(), startFlags{command: "app", setup: true}, "start")
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetVersionTemplate("clawrouter-codex {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err: err, mend: cmd.CommandPath() + " --help"}
	})
	root.PersistentFlags().BoolVar(&a.json, "json", false, `print one JSON object, {"ok":true,"data":…} or {"ok":false,"error":…}`)
	root.AddCommand(
		a.appCommand(),
		a.upCommand(),
		a.startCommand(),
		a.bridgeCommand(),
		a.setupCommand(),
		a.genCatalogCommand(),
		a.modelCommand(),
		a.websearchCommand(),
		a.menuBarCommand(),
		a.loginCommand(),
		a.daemonCommand(),
		a.walletCommand(),
		a.capCommand(),
		a.pauseCommand(),
		a.resumeCommand(),
		a.spendCommand(),
		a.logsCommand(),
		a.panelCommand(),
		a.configCommand(),
		a.desktopCommand(),
		a.doctorCommand(),
		a.reportCommand(),
		a.uninstallCommand(),
		a.completionCommand(),
		a.simCommand(),
		a.versionCommand(),
		a.updateCommand(),
		a.manCommand(),
	)
	return root
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	mend := cmd.CommandPath() + " --help"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		mend = cmd.CommandPath() + " " + near[0]
	}
	return &usageError{err: errors.New("no command " + args[0]), mend: mend}
}

// group is a command that only holds others: alone it is its help, and for a
// script, which cannot read that, an error.
func (a *app) group(cmd *cobra.Command, _ []string) error {
	if !a.json {
		return cmd.Help()
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return &usageError{err: fmt.Errorf("%s needs one of: %s", cmd.Name(), strings.Join(names, ", ")), mend: cmd.CommandPath() + " --help"}
}

// noArguments is cobra.NoArgs with an error that helps.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &usageError{err: fmt.Errorf("%s takes no argument, and was given %s", cmd.Name(), args[0]), mend: cmd.CommandPath() + " --help"}
}

func (a *app) settings() (*settings.Settings, error) {
	s, err := settings.Load(a.env.Machine, a.flags)
	if err != nil {
		return nil, err
	}
	for _, key := range s.Unknown {
		a.warn("%s: %q is no setting of this version and was ignored", s.Paths.SettingsFile(), key)
	}
	return s, nil
}

// override lets a flag of the command line win over a setting.
func (a *app) override(cmd *cobra.Command, key, usage string) {
	name := strings.ReplaceAll(key, "_", "-")
	cmd.Flags().Func(name, usage, func(v string) error {
		a.flags[key] = v
		return nil
	})
}
