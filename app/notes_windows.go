package app

import (
	"context"

	toast "git.sr.ht/~jackmordaunt/go-toast/v2"
)

// toasts posts through Windows' own service, which needs no shortcut in the start
// menu for it.
type toasts struct{}

func (toasts) post(_ context.Context, n note) error {
	return (&toast.Notification{AppID: programName, Title: n.title, Body: n.text}).Push()
}

// drop: Windows keeps a toast in its list until the user looks there.
func (toasts) drop(context.Context, string) {}
