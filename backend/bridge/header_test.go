package bridge

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestHeaderForClawRouter(t *testing.T) {
	h := header(true, "thread-1", "auto", 1)
	if h.Get("Cache-Control") != "no-cache" {
		t.Error("an old answer could come from its cache")
	}
	id := h.Get("X-Session-Id")
	if id == "" || strings.Contains(id, "thread-1") {
		t.Errorf("session %q", id)
	}
	for name, other := range map[string]string{
		"another profile": header(true, "thread-1", "blockrun/eco", 1).Get("X-Session-Id"),
		"another thread":  header(true, "thread-2", "auto", 1).Get("X-Session-Id"),
		"another step":    header(true, "thread-1", "auto", 2).Get("X-Session-Id"),
	} {
		if other == id {
			t.Errorf("%s has the same session", name)
		}
	}
	if again := header(true, "thread-1", "auto", 1).Get("X-Session-Id"); again != id {
		t.Error("a request that is repeated is in another session")
	}
	if id := header(true, "thread-1", "openai/gpt-5.5", 1).Get("X-Session-Id"); id != "" {
		t.Errorf("a model that is named itself has session %q, whose journal could wake", id)
	}
}

func TestHeaderForOthersIsEmpty(t *testing.T) {
	if h := header(false, "thread-1", "auto", 1); len(h) != 0 {
		t.Errorf("%v", h)
	}
}

func TestToldOnce(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	var told toldOnce
	told.tell(log, "left out", "type", []string{"local_shell", "mcp"})
	told.tell(log, "left out", "type", []string{"mcp", "local_shell"})
	if n := strings.Count(out.String(), "left out"); n != 2 {
		t.Errorf("told %d times:\n%s", n, out.String())
	}
}
