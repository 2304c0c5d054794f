package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/BlockRunAI/clawrouter-codex/backend/release"
)

// updateAnswer is what update --check found out.
type updateAnswer struct {
	Version string           `json:"version"` // ours
	Asked   bool             `json:"asked"`   // false: the user did not switch it on
	Feed    string           `json:"feed,omitempty"`
	Latest  *release.Release `json:"latest,omitempty"`
	Order   release.Order    `json:"order,omitempty"` // how ours stands to it
}

func (a *app) updateCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "update --check",
		Short: "Tell whether there is a newer release",
		Long: `Ask the release feed whether there is a newer release, if you have switched that
on. It is off by default, and nothing else of the program ever asks. One line in
~/.clawrouter-codex/settings.toml switches it on:

    update_check = "on"

An address instead of "on" asks a feed of your own. The feed is told nothing
but "clawrouter-codex". Nothing is downloaded: the program came from your package
manager, or from an archive, and is replaced from there.`,
		Example: "  clawrouter-codex update --check\n  clawrouter-codex update --check --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !check {
				return &usageError{err: errors.New("the program does not replace itself; it can look for a newer release"), mend: "clawrouter-codex update --check"}
			}
			return a.update(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "look, and change nothing")
	return cmd
}

func (a *app) update(ctx context.Context) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	answer := updateAnswer{Version: a.env.Version, Feed: s.ReleaseFeed(release.Feed)}
	if answer.Feed == "" {
		a.answer(answer, fmt.Sprintf("This is %s. Nobody was asked for a newer one: that is off.\n  → to ask, put this line into %s: update_check = \"on\"\n",
			a.env.Version, s.Paths.SettingsFile()))
		return nil
	}
	latest, err := release.Latest(ctx, nil, answer.Feed)
	if err != nil {
		return err
	}
	answer.Asked, answer.Latest, answer.Order = true, &latest, latest.Compare(a.env.Version)
	a.answer(answer, answer.text())
	return nil
}

func (u updateAnswer) text() string {
	switch u.Order {
	case release.Current:
		return fmt.Sprintf("This is %s, the newest release.\n", u.Version)
	case release.Older:
		return fmt.Sprintf("There is %s; this is %s.\n%s", u.Latest.Version, u.Version, u.page())
	}
	return fmt.Sprintf("The newest release is %s; this is %s, which is no release.\n%s", u.Latest.Version, u.Version, u.page())
}

func (u updateAnswer) page() string {
	if u.Latest.Page == "" {
		return ""
	}
	return "  → " + u.Latest.Page + "\n"
}
