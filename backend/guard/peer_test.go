package guard_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
)

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	f := guard.NewKeyFile(path)
	if f.Matches("") || f.Matches(strings.Repeat("0", 64)) {
		t.Error("without a file, something matches")
	}
	write := func(text string) {
		// As atomicfile does it: another file takes the name.
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	first, second := newKey(), newKey()
	if first == second {
		t.Fatal("two keys are one")
	}
	write(first + "\n")
	if !f.Matches(first) || f.Matches(second) || f.Matches(first[:63]) || f.Matches(first+"0") || f.Matches("") {
		t.Error("the first key is not the one that matches")
	}
	write(second + "\n")
	if f.Matches(first) || !f.Matches(second) {
		t.Error("a key that was replaced is still in force")
	}
	for _, bad := range []string{"", "\n", "short", strings.Repeat("z", 64), second + second} {
		write(bad)
		if f.Matches(strings.TrimSpace(bad)) || f.Matches("") {
			t.Errorf("%q is taken for a key", bad)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if f.Matches(second) {
		t.Error("the key is in force without its file")
	}
}

func TestTheKeyGoesNoFurther(t *testing.T) {
	key := newKey()
	x := listen(t, "127.0.0.1:0", guard.OtherUsers(refuse, func(k string) bool { return k == key }))
	for _, sent := range []string{key, "another"} {
		// This process is its own user's, whatever key it sends.
		x.passes(sent, post(json, "X-Clawrouter-Key: "+sent, "X-Other: stays"))
		if len(x.header[guard.KeyHeader]) > 0 || x.header.Get("X-Other") != "stays" {
			t.Errorf("behind the guard: %v", x.header)
		}
	}
}

// A request that carries the key must not cost a look at the system's sockets.
func TestTheKeySavesTheLookUp(t *testing.T) {
	key := newKey()
	allow := func(k string) bool { return k == key }
	h := guard.Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), guard.OtherUsers(refuse, allow))
	looked := 0
	r := inContext(t.Context())
	ctx := guard.ConnContext(t.Context(), countedConn{looked: &looked})
	for _, c := range []struct {
		key  string
		want int
	}{{key, 0}, {"", 1}, {"", 1}, {key, 1}} {
		r := r.Clone(ctx)
		r.Header.Set(guard.KeyHeader, c.key)
		h.ServeHTTP(discard{}, r)
		if looked != c.want {
			t.Errorf("key %q: looked %d times, want %d", c.key, looked, c.want)
		}
	}
}
