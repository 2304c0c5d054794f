package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// completions are the shells whose scripts cobra writes.
var completions = []struct {
	shell string
	write func(*cobra.Command, io.Writer) error
}{
	{"bash", func(c *cobra.Command, w io.Writer) error { return c.GenBashCompletionV2(w, true) }},
	{"zsh", func(c *cobra.Command, w io.Writer) error { return c.GenZshCompletion(w) }},
	{"fish", func(c *cobra.Command, w io.Writer) error { return c.GenFishCompletion(w, true) }},
	{"powershell", func(c *cobra.Command, w io.Writer) error { return c.GenPowerShellCompletionWithDesc(w) }},
}

func (a *app) completionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a script that completes commands and models in a shell",
		Long: `Print the script with which a shell completes commands, flags and the names of
models. Load it at every start of the shell:

  bash        echo 'source <(clawrouter-codex completion bash)' >> ~/.bashrc
  zsh         clawrouter-codex completion zsh > "${fpath[1]}/_clawrouter-codex"
  fish        clawrouter-codex completion fish > ~/.config/fish/completions/clawrouter-codex.fish
  powershell  clawrouter-codex completion powershell | Out-String | Invoke-Expression`,
		Example: "  source <(clawrouter-codex completion bash)",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return &usageError{err: errors.New("completion needs the name of one shell: bash, zsh, fish or powershell"), mend: "clawrouter-codex completion --help"}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, c := range completions {
				if c.shell != args[0] {
					continue
				}
				var script strings.Builder
				if err := c.write(cmd.Root(), &script); err != nil {
					return err
				}
				a.answer(map[string]string{"shell": c.shell, "script": script.String()}, script.String())
				return nil
			}
			return &usageError{err: fmt.Errorf("no completion for %q: there is bash, zsh, fish and powershell", args[0]), mend: "clawrouter-codex completion --help"}
		},
	}
	for _, c := range completions {
		cmd.ValidArgs = append(cmd.ValidArgs, c.shell)
	}
	return cmd
}
