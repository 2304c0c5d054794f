package daemon

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

func TestTheKeyOutlivesTheProgram(t *testing.T) {
	paths := settings.Paths{Root: t.TempDir()}
	first, err := masterKey(paths)
	if err != nil {
		t.Fatal(err)
	}
	again, err := masterKey(paths)
	if err != nil || !bytes.Equal(first, again) || len(first) != keySize {
		t.Fatalf("first %d bytes, again %d, %v", len(first), len(again), err)
	}
	if info, err := os.Stat(paths.Key()); err != nil || (info.Mode().Perm() != 0o600 && runtime.GOOS != "windows") {
		t.Errorf("%v %v: others may read the key", info, err)
	}
	other, err := masterKey(settings.Paths{Root: t.TempDir()})
	if err != nil || bytes.Equal(first, other) {
		t.Errorf("two folders have one key, %v", err)
	}
	envelope, _ := keyFor(first, "envelope")
	api, _ := keyFor(first, "api")
	if bytes.Equal(envelope, api) || bytes.Equal(envelope, first) || len(envelope) != keySize {
		t.Error("the keys for two purposes are not two keys")
	}
}

func TestAKeyThatIsNotOursIsNotOverwritten(t *testing.T) {
	paths := settings.Paths{Root: t.TempDir()}
	for _, text := range []string{"", "abcd\n", strings.Repeat("z", 64)} {
		if err := os.WriteFile(paths.Key(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := masterKey(paths)
		var bad *keyError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), paths.Key()) {
			t.Errorf("%q: %v", text, err)
		}
		if got, _ := os.ReadFile(paths.Key()); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestWarningsAreToldAndKept(t *testing.T) {
	paths := settings.Paths{Root: t.TempDir()}
	var told []string
	log, file, err := openLog(paths, func(text string) { told = append(told, text) })
	if err != nil {
		t.Fatal(err)
	}
	log.Info("turn", "thread", "t1")
	log.With("thread", "t2").WithGroup("g").Warn("turn", "error", "no money", "stack", "frames")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0] != "turn, error: no money" {
		t.Errorf("told %q", told)
	}
	text, err := os.ReadFile(filepath.Join(paths.Root, "log", "clawrouter-codex.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"thread=t1", "thread=t2", `error="no money"`, "stack=frames"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("log lacks %s:\n%s", want, text)
		}
	}
}
