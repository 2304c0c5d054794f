package cli_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/BlockRunAI/clawrouter-codex/backend/daemon"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// nosecret HEX looks for a key, in the spellings in which keys are written, in
// every file of the script.
func nosecret(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: nosecret hex")
	}
	spellings := []string{args[0], base64.StdEncoding.EncodeToString([]byte(args[0])), base64.StdEncoding.EncodeToString([]byte("0x" + args[0]))}
	if raw, err := hex.DecodeString(args[0]); err == nil {
		spellings = append(spellings, base64.StdEncoding.EncodeToString(raw), string(raw))
	}
	files, size := 0, 0
	err := filepath.WalkDir(ts.MkAbs("."), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files, size = files+1, size+len(data)
		for _, s := range spellings {
			if bytes.Contains(bytes.ToLower(data), bytes.ToLower([]byte(s))) {
				ts.Fatalf("the key stands in %s", path)
			}
		}
		return nil
	})
	ts.Check(err)
	if files < 20 || size < 20_000 {
		ts.Fatalf("only %d files with %d bytes were looked at", files, size)
	}
	ts.Logf("%d files, %d bytes", files, size)
}

// printState prints what tray and panel are told.
func printState() {
	home, err := os.UserHomeDir()
	if err == nil {
		err = writeState(home)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writeState(home string) error {
	s, err := settings.Load(settings.Machine{LookupEnv: os.LookupEnv, ReadFile: os.ReadFile, Home: home, Dir: home, GOOS: runtime.GOOS}, nil)
	if err != nil {
		return err
	}
	l, release, err := daemon.Connect(context.Background(), daemon.ConnectOptions{
		Settings: s, Environ: os.Environ(), Home: home, Now: time.Now, Warn: func(string) {},
	})
	if err != nil {
		return err
	}
	defer release()
	state, err := l.State(context.Background())
	if err != nil {
		return err
	}
	if !strings.Contains(fmt.Sprintf("%+v", state), "Running:true") {
		return fmt.Errorf("the link does not run")
	}
	return json.NewEncoder(os.Stdout).Encode(state)
}
