package link

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func TestTheMenuBarIsChangedAndStored(t *testing.T) {
	u := newUser(t)
	local, remote, _ := u.remote()
	ctx := t.Context()
	if m, err := local.SetMenuBar(ctx, MenuBarChange{Notifications: new(false)}); err != nil || m != (MenuBar{Notifications: false, Text: settings.TextOff}) {
		t.Errorf("%+v %v", m, err)
	}
	want := MenuBar{Notifications: false, Text: settings.TextToday}
	if m, err := remote.SetMenuBar(ctx, MenuBarChange{Text: new(settings.TextToday)}); err != nil || m != want {
		t.Errorf("from another process: %+v %v", m, err)
	}
	if s, _ := local.State(ctx); s.MenuBar != want {
		t.Errorf("in force is %+v", s.MenuBar)
	}
	if diff := cmp.Diff("notifications = false\nmenu_bar_text = \"today\"\n", u.stored()); diff != "" {
		t.Error(diff)
	}
	for name, change := range map[string]MenuBarChange{"nothing": {}, "no such text": {Text: new(settings.MenuBarText("tea"))}} {
		if _, err := remote.SetMenuBar(ctx, change); kindOf(err) != Failed {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s, _ := local.State(ctx); s.MenuBar != want {
		t.Errorf("after changes that were refused it is %+v", s.MenuBar)
	}
}
