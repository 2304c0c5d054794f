package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// checkFirstStart is for who has only just installed: one line says what to run, and
// the checks of what that brings say so in place of failing too.
func checkFirstStart(_ context.Context, l *look) Result {
	if !l.fresh() {
		return Result{Status: OK, Text: "made"}
	}
	return Result{Status: Fail, Text: "not made yet: it starts the link, and tells Codex about it", Mend: firstStart, Fix: l.setupFix()}
}

const firstStart = "clawrouter-codex up"

// isFresh reports that nothing runs and Codex has nothing of ours.
func (l *look) isFresh() bool {
	if l.running || !l.profile().missing() {
		return false
	}
	_, err := os.Stat(l.home.Catalog())
	return errors.Is(err, fs.ErrNotExist)
}

// notYet is the result for what the first start brings.
func notYet(text string) Result { return Result{Status: Skip, Text: text + " before the first start"} }
