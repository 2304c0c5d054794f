package link

import "context"

// Login is the launch at login.
type Login struct {
	Available bool   `json:"available"` // this system and this build can do it
	On        bool   `json:"on"`
	Kind      string `json:"kind,omitempty"` // "launch-agent", "autostart", "systemd" or "run-key"
	Path      string `json:"path,omitempty"` // of what was written for it
	Problem   string `json:"problem,omitempty"`
	// Warning is what a person is to read before it is switched on: that money may
	// be spent while nobody looks, and how much at most.
	Warning string `json:"warning,omitempty"`
}

// LoginSwitch puts the program among those that start at login, and takes it out.
// It is safe for concurrent use.
type LoginSwitch interface {
	// State must be cheap: it is asked whenever the link's own state is.
	State(ctx context.Context) Login
	Set(ctx context.Context, on bool) error
}

// SetLogin implements Link.
func (l *Local) SetLogin(ctx context.Context, on bool) (Login, error) {
	if l.o.Login == nil {
		return Login{}, &Error{Kind: Failed, Message: "this build cannot start the program at login"}
	}
	err := l.o.Edit(ctx, func() error { return l.o.Login.Set(ctx, on) })
	l.publish()
	return l.login(ctx, l.spent(ctx)), err
}

func (l *Local) login(ctx context.Context, now Spend) Login {
	if l.o.Login == nil {
		return Login{}
	}
	st := l.o.Login.State(ctx)
	if st.Available {
		st.Warning = loginWarning(now)
	}
	return st
}

func loginWarning(s Spend) string {
	const unattended = "From the next login on, the bridge and ClawRouter start by themselves, and whatever uses Codex through them spends from your wallet, also while nobody looks. "
	switch {
	case len(s.Problems) > 0 && s.Cap == nil:
		return unattended + "The daily cap cannot be read: clawrouter-codex doctor."
	case s.Cap == nil:
		return unattended + "There is no daily cap; set one with: clawrouter-codex cap 5"
	}
	return unattended + "The daily cap is " + s.Cap.String() + "."
}

// ModelUpdate tells what UpdateModels wrote.
type ModelUpdate struct {
	Path   string   `json:"path"`
	Models int      `json:"models"`
	Source string   `json:"source"` // where the list comes from
	Notes  []string `json:"notes,omitempty"`
}

// UpdateModels implements Link.
func (l *Local) UpdateModels(ctx context.Context) (ModelUpdate, error) {
	if l.o.UpdateModels == nil {
		return ModelUpdate{}, &Error{Kind: NotRunning, Message: "the link does not run", Fix: "clawrouter-codex gen-catalog"}
	}
	update, err := l.o.UpdateModels(ctx)
	if err == nil {
		l.updated.Store(true)
	}
	l.publish()
	return update, err
}
