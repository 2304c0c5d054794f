package doctor

import "context"

// checkLogin looks whether what is started at login would start.
func checkLogin(ctx context.Context, l *look) Result {
	if l.env.Login == nil {
		return Result{Status: Skip, Text: "not known in this build"}
	}
	st := l.env.Login(ctx)
	switch {
	case !st.Available:
		return Result{Status: Skip, Text: st.Problem}
	case st.Problem != "":
		return Result{Status: Warn, Text: st.Problem, Mend: "clawrouter-codex login on, or clawrouter-codex login off"}
	case st.On:
		return Result{Status: OK, Text: "on: " + st.Path}
	}
	return Result{Status: OK, Text: "off; on with: clawrouter-codex login on"}
}
