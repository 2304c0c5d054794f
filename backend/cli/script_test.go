package cli_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/BlockRunAI/clawrouter-codex/backend/cli"
	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/socket/testport"
)

// The scripts in testdata, one a command, are its manual page by example.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("NOT RUN: the scripts need a POSIX shell and its signals; e2e/windows runs the program there")
	}
	// What is ignored here is ignored by every program that a script starts: under
	// nohup none of them would hear that its terminal is gone. What is caught
	// here is not handed down.
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
		t.Cleanup(func() { signal.Ignore(syscall.SIGHUP) })
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Setup:               surroundings,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition:           condition,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"await": await, "feed": feed, "atlogin": atLogin, "nosecret": nosecret},
	})
}

// condition knows usable-node: the machine has a Node.js where it is found
// whatever PATH says.
func condition(name string) (bool, error) {
	if name != "usable-node" {
		return false, fmt.Errorf("no condition %q", name)
	}
	_, err := proxy.CheckNode(context.Background(), proxy.NodeSearch{Env: []string{"PATH="}, Home: os.DevNull})
	return err == nil, nil
}

func TestMain(m *testing.M) {
	// A supervised ClawRouter has a guardian, which is this executable again.
	if guardian, code := proxy.GuardianMain(os.Args[1:]); guardian {
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){
		"clawrouter-codex": func() { os.Exit(cli.Main("1.2.3", nil)) },
		"codex":            fakeCodex,
		"turn":             askTurn,
		"state":            printState,
	})
}

// surroundings are a user with an empty home folder, two free ports, and no
// network: prices come from the program itself.
func surroundings(env *testscript.Env) error {
	ports, err := testport.Find(2)
	if err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, "home")
	bin := strings.Split(env.Getenv("PATH"), string(os.PathListSeparator))[0]
	env.Setenv("HOME", home)
	env.Setenv("USERPROFILE", home)
	env.Setenv("PROGRAMS", bin)
	env.Setenv("PATH", filepath.Join(env.WorkDir, "bin")+string(os.PathListSeparator)+bin)
	env.Setenv("BLOCKRUN_MODEL_CATALOG_URL", "off")
	// The race detector would sleep a second at the end of every process.
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	env.Setenv("PORT", fmt.Sprint(ports[0]))
	env.Setenv("PROXY_PORT", fmt.Sprint(ports[1]))
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	// A shell, to send a background command's output to a file; and nothing else
	// of this machine, whose node or codex would decide the outcome.
	sh, err := exec.LookPath("sh")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(env.WorkDir, "bin"), 0o700); err != nil {
		return err
	}
	return os.Symlink(sh, filepath.Join(env.WorkDir, "bin", "sh"))
}

// await FILE PATTERN waits until a command in the background has written it.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await file pattern")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	path := ts.MkAbs(args[0])
	var data []byte
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if data, err = os.ReadFile(path); err == nil && pattern.Match(data) {
			return
		}
	}
	ts.Fatalf("%s does not match %q:\n%s", args[0], args[1], data)
}

// feed VERSION serves a release feed on loopback, at $FEED, for the rest of the
// script.
func feed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: feed version")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"tag_name":"v%s","html_url":"https://example.com/releases/%s"}`, args[0], args[0])
	}))
	ts.Defer(server.Close)
	ts.Setenv("FEED", server.URL)
}

// askTurn MODEL asks the bridge for one turn, as Codex does, and prints the answer.
// Its text is new each time: ClawRouter answers a question twice with one call.
func askTurn() {
	body := fmt.Sprintf(`{"model":%q,"stream":true,"input":%q}`, os.Args[1], rand.Text())
	resp, err := http.Post("http://127.0.0.1:"+os.Getenv("PORT")+"/v1/responses", "application/json", strings.NewReader(body))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(os.Stdout, resp.Body); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// atlogin ITEM OUT starts what an item of Linux starts, as the system does at
// login: with no variable but the home folder and those of the item. It ends with
// the script.
func atLogin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: atlogin item out")
	}
	env := []string{"HOME=" + ts.Getenv("HOME")}
	command := ""
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key {
		case "ExecStart", "Exec":
			command = value
		case "Environment":
			env = append(env, strings.Trim(value, `"`))
		}
	}
	out, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	defer func() { _ = out.Close() }()
	// The quotes of both formats are a shell's, for the paths of this test.
	cmd := exec.Command("/bin/sh", "-c", "exec "+command)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env, "/", out, out
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
}

// fakeCodex answers the three questions that setup asks of an installed Codex.
func fakeCodex() {
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "--version":
		fmt.Println("codex-cli 0.169.0")
	case len(args) == 3 && args[2] == "--bundled":
		fmt.Println(`{"models":[{"slug":"gpt-5.5","visibility":"list","priority":1,"base_instructions":"You are Codex."}]}`)
	case len(args) == 4 && args[2] == "-c":
		if os.Getenv("CODEX_REFUSES") != "" {
			fmt.Fprintln(os.Stderr, "Error: missing field `sparkle`")
			os.Exit(1)
		}
		fmt.Println(`{"models":[]}`)
	default:
		os.Exit(2)
	}
}
