package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/models"
)

func (a *app) genCatalogCommand() *cobra.Command {
	var (
		want models.Selection
		out  string
	)
	cmd := &cobra.Command{
		Use:   "gen-catalog",
		Short: "Choose the models that Codex's picker shows",
		Long: `Write the list of models that Codex's picker shows. Without flags: blockrun/auto,
which lets ClawRouter choose, then the two newest models of each family, then the
free ones. The selection is kept: "up" and "setup" make the same one again.

The models are those that ClawRouter offers; names, windows and prices come from
BlockRun's public list, or from the one in this program where that cannot be
reached (BLOCKRUN_MODEL_CATALOG_URL names another address, or off). The list is
tried out with the installed Codex before it replaces the old one.`,
		Example: `  clawrouter-codex gen-catalog
  clawrouter-codex gen-catalog --per-family 3 --drop-family google,free
  clawrouter-codex gen-catalog --all --drop-model openai/o1`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("per-family") && want.PerFamily < 1 {
				return &usageError{err: fmt.Errorf("--per-family %d: not a number above 0", want.PerFamily), mend: cmd.CommandPath() + " --help"}
			}
			s, err := a.settings()
			if err != nil {
				return err
			}
			result, err := daemon.GenCatalog(cmd.Context(), a.setupOptions(s), want, out)
			if err != nil {
				return err
			}
			for _, note := range result.Notes {
				a.warn("%s", note)
			}
			a.answer(result, fmt.Sprintf("Model list  %s, %d models\n            %s\n", result.Path, result.Models, result.Source))
			return nil
		},
	}
	cmd.Flags().BoolVar(&want.All, "all", false, "every model that can hold a coding turn")
	cmd.Flags().IntVar(&want.PerFamily, "per-family", 0, "the `N` newest models of each family (default 2)")
	cmd.Flags().StringSliceVar(&want.DropFamilies, "drop-family", nil, "leave out `FAMILIES`, such as google or free")
	cmd.Flags().StringSliceVar(&want.DropModels, "drop-model", nil, "leave out `MODELS`, by id or alias")
	cmd.MarkFlagsMutuallyExclusive("all", "per-family")
	cmd.Flags().StringVar(&out, "out", "", "write to this `FILE` instead of Codex's folder")
	return cmd
}
