//go:build e2e

package stage

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// ProgramVar names the environment variable that holds a program built
// already; without it each test binary builds its own.
const ProgramVar = "CLAWROUTER_CODEX_PROGRAM"

// Root is the top folder of the checkout.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Main builds the program, with the race detector in it, runs the tests and
// exits. For TestMain.
func Main(m *testing.M) {
	if os.Getenv(ProgramVar) == "" {
		path := filepath.Join(Root(), ".cache", "e2e", "bin", filepath.Base(os.Args[0]), "clawrouter-codex")
		build := exec.Command("go", "build", "-race", "-o", path, ".")
		build.Dir = Root()
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			os.Exit(1)
		}
		os.Setenv(ProgramVar, path)
	}
	os.Exit(m.Run())
}

// Program is the path of the program under test.
func Program() string { return os.Getenv(ProgramVar) }

// Folder makes a folder below .cache/e2e that goes away with a test that
// passed, and stays to be looked at after one that failed. It is not a
// t.TempDir: below the system's temporary folder Codex makes no aliases for
// its own commands.
func Folder(t testing.TB) string {
	t.Helper()
	parent := filepath.Join(Root(), ".cache", "e2e", "run")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp(parent, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the files of this test are kept in %s", folder)
			return
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Errorf("a process still writes to the test's folder: %v", err)
		}
	})
	return folder
}

// FreePort is a port that nobody listens on, on both loopback families. It
// lies below the range from which systems take ports for outgoing connections,
// so that none of those is in the way a moment later.
func FreePort(t testing.TB) int {
	t.Helper()
	for try := range 200 {
		port := 20000 + (os.Getpid()*61+int(time.Now().UnixNano())/1000+try*7)%10000
		if listens("tcp4", "127.0.0.1", port) && (!hasIPv6() || listens("tcp6", "::1", port)) {
			return port
		}
	}
	t.Fatal("no free port between 20000 and 30000")
	return 0
}

func listens(network, host string, port int) bool {
	l, err := net.Listen(network, net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func hasIPv6() bool { return listens("tcp6", "::1", 0) }

// Eventually asks ok until it agrees, and gives up with the last complaint
// when ctx ends.
func Eventually(ctx context.Context, ok func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (last: %w)", ctx.Err(), err)
		case <-tick.C:
		}
	}
}
