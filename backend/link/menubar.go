package link

import (
	"context"
	"fmt"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// MenuBar is how the user wants the menu bar to be; settings.toml says it.
type MenuBar struct {
	Notifications bool                 `json:"notifications"` // on the desktop
	Text          settings.MenuBarText `json:"text"`          // beside the icon
}

func menuBarOf(s *settings.Settings) MenuBar {
	return MenuBar{Notifications: s.Notifications.V, Text: s.MenuBarText.V}
}

// MenuBarChange is what SetMenuBar is to change; nil leaves it as it is.
type MenuBarChange struct {
	Notifications *bool                 `json:"notifications,omitempty"`
	Text          *settings.MenuBarText `json:"text,omitempty"`
}

// changes are those of settings.toml.
func (c MenuBarChange) changes() ([]settings.Change, error) {
	var changes []settings.Change
	if c.Notifications != nil {
		changes = append(changes, settings.Change{Key: "notifications", Value: *c.Notifications})
	}
	if c.Text != nil {
		switch *c.Text {
		case settings.TextOff, settings.TextBalance, settings.TextToday:
		default:
			return nil, &Error{Kind: Failed, Message: fmt.Sprintf("the text beside the icon is off, balance or today, not %q", *c.Text)}
		}
		changes = append(changes, settings.Change{Key: "menu_bar_text", Value: string(*c.Text)})
	}
	if len(changes) == 0 {
		return nil, &Error{Kind: Failed, Message: "the command changes nothing of the menu bar"}
	}
	return changes, nil
}

// SetMenuBar implements Link.
func (l *Local) SetMenuBar(ctx context.Context, c MenuBarChange) (MenuBar, error) {
	changes, err := c.changes()
	if err != nil {
		return MenuBar{}, err
	}
	if err := l.o.Edit(ctx, func() error { return l.o.Settings.Store(changes...) }); err != nil {
		return MenuBar{}, err
	}
	l.mu.Lock()
	if c.Notifications != nil {
		l.disk.menuBar.Notifications = *c.Notifications
	}
	if c.Text != nil {
		l.disk.menuBar.Text = *c.Text
	}
	now := l.disk.menuBar
	l.mu.Unlock()
	l.publish()
	return now, nil
}
