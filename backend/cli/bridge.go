package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/login"
)

func (a *app) bridgeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bridge",
		Short: "Run the bridge alone",
		Long: `Run the bridge and start nothing else. It sends turns to CLAWROUTER_PROXY_URL,
or to a ClawRouter that you run yourself on PROXY_PORT; it does not wait for
either. Stays in the foreground; Ctrl-C stops it.

A port that something else holds is refused with the name and process id of
its owner, with exit code 4.`,
		Example: `  clawrouter-codex bridge
  CLAWROUTER_PROXY_URL=http://127.0.0.1:11434 clawrouter-codex bridge --port 8500`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			outlivePipes()
			return daemon.Run(cmd.Context(), daemon.Options{
				Settings: s, Version: a.env.Version, Command: "bridge", Now: a.env.Now,
				Environ: a.env.Environ, Home: a.env.Machine.Home, Program: a.env.Program, Codex: a.findCodex(s),
				Login: a.loginSwitch(s, login.Auto), DesktopApp: a.desktopApp(),
				BridgeOnly: true, Progress: a.progress, Doctor: a.checks,
				Ready: func(ctx context.Context, l daemon.Link) error {
					return a.ready(ctx, s, l, false)
				},
			})
		},
	}
	a.linkFlags(cmd)
	return cmd
}
