package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
)

func checkNode(ctx context.Context, l *look) Result {
	s := l.env.Settings
	if l.owned() {
		return Result{Status: Skip, Text: "not needed: CLAWROUTER_PROXY_URL names a server of your own"}
	}
	node, npx, err := proxy.CommandNeeds(s.Command.V, l.env.GOOS)
	if err != nil {
		return startFailure(err)
	}
	if !node {
		return Result{Status: Skip, Text: "not needed by CLAWROUTER_CMD: " + s.Command.V}
	}
	found, err := l.env.Node(ctx, proxy.NodeSearch{Env: l.env.Environ, Home: l.env.Home, Node: s.Node.V, Npx: s.Npx.V})
	if err != nil {
		return startFailure(err)
	}
	if npx && found.Npx == "" {
		return Result{
			Status: Fail, Text: fmt.Sprintf("Node.js %s is there (%s), but npx is not", found.Version, found.Path),
			Mend: "install npm, which brings npx, or name a command in CLAWROUTER_CMD",
		}
	}
	return Result{Status: OK, Text: fmt.Sprintf("%s (%s)", found.Version, found.Path)}
}

// startFailure is what a start would end with.
func startFailure(err error) Result {
	var start *proxy.StartError
	if errors.As(err, &start) {
		return Result{Status: Fail, Text: oneLine(start.Message), Mend: oneLine(start.Mend)}
	}
	return Result{Status: Fail, Text: oneLine(err.Error())}
}
