package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLogRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log", "clawrouter.log")
	l, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	l.max = 100
	for i := range 60 {
		fmt.Fprintf(l, "line %02d 34567890123456789\n", i) // 27 bytes, 3 a file
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"": "57", ".1": "54", ".2": "51", ".3": "48"}
	for suffix, first := range want {
		b, err := os.ReadFile(path + suffix)
		if err != nil || !strings.HasPrefix(string(b), "line "+first) || len(b) > 100 {
			t.Errorf("%s begins %.8q (%d bytes), %v; want line %s", "log"+suffix, b, len(b), err, first)
		}
		if info, err := os.Stat(path + suffix); err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("log%s has mode %v", suffix, info.Mode())
		}
	}
	if m, _ := filepath.Glob(path + "*"); len(m) != 4 {
		t.Errorf("files %v, want 4", m)
	}
	if _, err := l.Write([]byte("late")); err == nil {
		t.Error("a closed log takes lines")
	}
}

func TestLogIsContinued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.log")
	for _, line := range []string{"a\n", "b\n"} {
		l, err := OpenLog(path)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(l, line)
		l.Close()
	}
	if b, _ := os.ReadFile(path); string(b) != "a\nb\n" {
		t.Errorf("log holds %q", b)
	}
}

func TestTailShowsTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.log")
	if err := TailLog(t.Context(), path, false, io.Discard); err == nil || !strings.Contains(err.Error(), "no log yet") {
		t.Errorf("error = %v, want one that says there is no log yet", err)
	}
	var text strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := TailLog(t.Context(), path, false, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "line ") || !strings.HasSuffix(out.String(), "\nline 9999\n") || out.Len() > tailBytes {
		t.Errorf("%d bytes, from %.10q to %q", out.Len(), out.String(), out.String()[out.Len()-10:])
	}
}

func TestTailFollowsOverRotations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.log")
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- TailLog(ctx, path, true, w); w.Close() }()
	l, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.max = 30
	for i := range 8 {
		line := fmt.Sprintf("line %d 34567890\n", i) // one a file
		io.WriteString(l, line)
		// Read before the next is written, so that it is known to be shown.
		got := make([]byte, len(line))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != line {
			t.Fatalf("shown %q, %v; want %q", got, err, line)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("TailLog ended with %v", err)
	}
}
