package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// windowsRooms are those that meet the system. The others compute, which Windows does
// as Linux does.
var windowsRooms = []string{
	"app", "backend/atomicfile", "backend/cli", "backend/codex", "backend/daemon", "backend/doctor", "backend/guard", "backend/link", "backend/login",
	"backend/panel", "backend/proxy", "backend/release", "backend/report", "backend/settings", "backend/socket", "backend/spend", "backend/tomledit",
}

// beyondWine are the tests that Wine 8 cannot pass, and why.
var beyondWine = map[string]string{
	"TestTheKeyGoesNoFurther":          "it tells the owner of some connections only",
	"TestWholeAnswersAreBounded":       "a write to a connection that the other side has closed hangs",
	"TestAHangIsACrash":                unowned,
	"TestEndsAChildThatIgnoresSIGTERM": unowned,
	"TestNothingLeaks":                 unowned,
	"TestRestart":                      unowned,
	"TestRunTwice":                     unowned,
	"TestSecretsStayOutOfTheLog":       unowned,
	"TestStartsAgainAfterACrash":       unowned,
	"TestStartsAndStopsTheWholeTree":   unowned,
}

const unowned = "it does not tell whose a listener is, so that no ClawRouter which was started is trusted"

// windowsUnits runs the unit tests of the rooms that meet the system, built for
// Windows, under Wine.
func windowsUnits(ctx context.Context, log io.Writer) outcome {
	folder, err := filepath.Abs(filepath.Join("e2e", "windows"))
	if err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	if err := installPart(ctx, log, "windows"); err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	if out, err := command(ctx, nil, filepath.Join(folder, "prepare")).CombinedOutput(); err != nil {
		return outcome{failed: 1, detail: fmt.Sprintf("%s%v", out, err)}
	}
	args := []string{"-vet=off", "-timeout=20m", "-p=1",
		"-overlay=" + filepath.Join(filepath.Dir(filepath.Dir(folder)), ".cache", "wine", "overlay.json"),
		"-exec=" + filepath.Join(folder, "wine"), "-skip=^(" + strings.Join(sortedKeys(beyondWine), "|") + ")$"}
	for _, room := range windowsRooms {
		args = append(args, "./"+room)
	}
	return goTest(ctx, log, []string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"}, args...)
}

// windowsProgram is a user's day with the program for Windows.
func windowsProgram(ctx context.Context, log io.Writer) outcome {
	if err := installPart(ctx, log, "windows"); err != nil {
		return outcome{failed: 1, detail: err.Error()}
	}
	return goTest(ctx, log, nil, "-tags=e2e", "-timeout=20m", "./e2e/windows")
}
