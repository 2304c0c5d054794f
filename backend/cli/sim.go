package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/clawsim"
)

func (a *app) simCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sim [--port N] [flags]",
		Short: "Run the stand-in for ClawRouter",
		Long: `Run a server that answers as ClawRouter does, and spoils what it spoils, without
a wallet, a network or a model. For demos, tests and bug reports: a marker in the
prompt chooses what the model "answers".

  --port N          port on 127.0.0.1 (default 8402; 0 picks one)
  --balance USD     what the wallet holds, such as 0 or 12.34; "fail" cannot be read
  --chain NAME      base or solana
  --as VERSION      the release of ClawRouter to imitate
  --off A,B         what is not to be spoiled; a wrong name lists them all
  --script FILE     scripted turns, one script or a list of them, as JSON
  --reply TEXT      the text of a plain answer
  --misbehave LIST  faults of the process, such as crash or ignore-term
  --books FILE      append lines of JSON for each chat request: come in, paid, answered

Like ClawRouter it ignores flags that it does not know, and exits with 0 when its
port is already served by another one.`,
		Example: `  clawrouter-codex sim --port 8404
  clawrouter-codex sim --port 8404 --balance 0
  CLAWROUTER_CMD="clawrouter-codex sim" clawrouter-codex up`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Contains(args, "--help") || slices.Contains(args, "-h") {
				return cmd.Help()
			}
			// The stand-in hears signals itself: it may be told to ignore them.
			code := clawsim.Run(context.WithoutCancel(cmd.Context()), clawsim.RunOptions{
				Args: args, Getenv: a.getenv, Stdout: a.env.Stdout, Stderr: a.env.Stderr,
			})
			if code != exitOK {
				return statusError(code)
			}
			return nil
		},
	}
}

func (a *app) getenv(name string) string {
	v, _ := a.env.Machine.LookupEnv(name)
	return v
}

// statusError is an exit code whose reason was already printed.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }
