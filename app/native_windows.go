package app

import (
	"context"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/BlockRunAI/clawrouter-codex/app/icons"
	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
)

// native is what Windows offers: its taskbar says whether it is light or dark.
type native struct{ alwaysThere }

func newNative(context.Context, cli.FaceOptions) *native { return &native{} }

func (*native) poster() poster { return toasts{} }

// themeKey holds what the user chose for the taskbar; without it, it is dark.
const themeKey = `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`

func (*native) shade() icons.Shade {
	key, err := registry.OpenKey(registry.CURRENT_USER, themeKey, registry.QUERY_VALUE)
	if err != nil {
		return icons.Light
	}
	defer func() { _ = key.Close() }()
	if light, _, err := key.GetIntegerValue("SystemUsesLightTheme"); err == nil && light == 1 {
		return icons.Dark
	}
	return icons.Light
}

// repaint is sent to when the user chose another theme, until ctx ends.
func (*native) repaint(ctx context.Context) <-chan struct{} {
	key, err := registry.OpenKey(registry.CURRENT_USER, themeKey, registry.NOTIFY)
	if err != nil {
		return nil
	}
	changed := make(chan struct{})
	// The wait below ends with the handle.
	stop := context.AfterFunc(ctx, func() { _ = key.Close() })
	go func() {
		defer stop()
		for windows.RegNotifyChangeKeyValue(windows.Handle(key), false, windows.REG_NOTIFY_CHANGE_LAST_SET, 0, false) == nil {
			select {
			case changed <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return changed
}
