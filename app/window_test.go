package app

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
)

// windowProgram is a folder with a program of ours and, beside it, a script in the
// window's place.
func windowProgram(t *testing.T, script string) cli.FaceOptions {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("NOT RUN: a script stands for the window, which Windows does not start")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "clawrouter-codex-panel")
	if script != "" {
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return cli.FaceOptions{
		Program: filepath.Join(folder, "clawrouter-codex"), GOOS: "linux", Environ: os.Environ(),
		LookPath: func(name string) (string, error) { return "", &exec.Error{Name: name, Err: exec.ErrNotFound} },
	}
}

func TestTheWindowIsOneProcess(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	o := windowProgram(t, `echo "start $*" >>`+log+`; echo "home $CLAWROUTER_CODEX_HOME" >>`+log+`
echo the panel is open
while read line; do echo "order $line" >>`+log+`; echo the panel is open; done
echo end >>`+log)
	w := newPanelWindow(o)
	for _, part := range []string{"", "doctor"} {
		if err := w.show(t.Context(), "/state", part); err != nil {
			t.Fatal(err)
		}
	}
	w.close()
	text, err := os.ReadFile(log)
	if want := "start --from-app\nhome /state\norder show doctor\nend\n"; err != nil || string(text) != want {
		t.Errorf("the window did\n%s(%v)", text, err)
	}
	if err := w.show(t.Context(), "/state", ""); err == nil {
		t.Error("a window opened while the program ended")
	}
}

func TestAWindowThatWentOpensAgain(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	o := windowProgram(t, `echo start >>`+log+`; echo the panel is open; exec <&-; exec >&-`)
	w := newPanelWindow(o)
	defer w.close()
	for range 2 {
		if err := w.show(t.Context(), "/state", ""); err != nil {
			t.Fatal(err)
		}
		<-w.open.gone
	}
	if text, err := os.ReadFile(log); err != nil || string(text) != "start\nstart\n" {
		t.Errorf("the window did\n%s(%v)", text, err)
	}
}

func TestAWindowThatDoesNotOpen(t *testing.T) {
	w := newPanelWindow(windowProgram(t, "echo cannot open display >&2; exit 1"))
	if err := w.show(t.Context(), "/state", ""); err == nil || !strings.Contains(err.Error(), "cannot open display") {
		t.Errorf("got %v", err)
	}
	w = newPanelWindow(windowProgram(t, ""))
	if err := w.show(t.Context(), "/state", ""); !errors.Is(err, cli.ErrNoWindow) {
		t.Errorf("got %v", err)
	}
	w = newPanelWindow(windowProgram(t, "read nothing"))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.show(ctx, "/state", ""); err == nil {
		t.Error("a window that shows nothing is taken for open")
	}
	w.close()
}
