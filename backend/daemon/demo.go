package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/BlockRunAI/clawrouter-codex/backend/clawsim"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// RunDemo is Run against the built-in stand-in, which it starts and stops. Ports
// that nobody chose are picked by the system, so that a demo never meets the
// user's own link.
func RunDemo(ctx context.Context, o Options) error {
	simCtx, stopSim := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSim()
	ready, ended := make(chan int, 1), make(chan int, 1)
	go func() {
		ended <- clawsim.Run(simCtx, clawsim.RunOptions{
			Args:   []string{"--port", strconv.Itoa(demoPort(o.Settings))},
			Getenv: func(string) string { return "" },
			Stdout: io.Discard, Stderr: io.Discard,
			// It ends with ctx, not by a signal of its own.
			Signals: make(chan os.Signal),
			Ready:   func(port int) { ready <- port },
		})
	}()
	select {
	case code := <-ended:
		return fmt.Errorf("the stand-in for ClawRouter ended with code %d: is port %d free?", code, demoPort(o.Settings))
	case port := <-ready:
		s := *o.Settings
		s.ProxyURL = settings.Value[string]{V: fmt.Sprintf("http://127.0.0.1:%d", port), Origin: settings.Flag}
		o.Settings, o.AnyPort = &s, !s.Port.Set()
		err := Run(ctx, o)
		stopSim()
		if code := <-ended; code != 0 {
			err = errors.Join(err, fmt.Errorf("the stand-in for ClawRouter ended with code %d", code))
		}
		return err
	}
}

// demoPort is the stand-in's: the one asked for, else any.
func demoPort(s *settings.Settings) int {
	if s.ProxyPort.Set() {
		return s.ProxyPort.V
	}
	return 0
}
