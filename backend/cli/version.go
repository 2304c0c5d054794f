package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Print the version of clawrouter-codex and the system that it was built for.",
		Example: "  clawrouter-codex version\n  clawrouter-codex version --json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			data := map[string]string{"version": a.env.Version, "os": runtime.GOOS, "arch": runtime.GOARCH, "go": runtime.Version()}
			a.answer(data, fmt.Sprintf("clawrouter-codex %s (%s/%s, %s)\n", a.env.Version, runtime.GOOS, runtime.GOARCH, runtime.Version()))
			return nil
		},
	}
}
