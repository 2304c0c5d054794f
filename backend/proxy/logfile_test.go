package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
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
		if info, err := os.Stat(path + suffix); err == nil && info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" { // which has no such bits
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

// Whoever writes lines together does not change which file a line is in: none is cut,
// and no file is larger than it may be but for the sake of one line.
func TestLinesWrittenTogetherRotateAsIfAlone(t *testing.T) {
	folder := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		open := func(name string) *Log {
			l, err := OpenLog(filepath.Join(folder, strconv.Itoa(n), name))
			if err != nil {
				t.Fatal(err)
			}
			l.max = 100
			return l
		}
		alone, together := open("alone"), open("together")
		line := rapid.Map(rapid.IntRange(0, 150), func(n int) string { return strings.Repeat("x", n) + "\n" })
		for _, lines := range rapid.SliceOfN(rapid.SliceOfN(line, 0, 6), 0, 8).Draw(t, "lines") {
			for _, line := range lines {
				io.WriteString(alone, line)
			}
			if text := strings.Join(lines, ""); text != "" {
				if n, err := io.WriteString(together, text); n != len(text) || err != nil {
					t.Fatalf("%d of %d bytes, %v", n, len(text), err)
				}
			}
		}
		alone.Close()
		together.Close()
		for i := range logBackups + 2 {
			want, _ := os.ReadFile(backupName(alone.path, i))
			got, _ := os.ReadFile(backupName(together.path, i))
			if !bytes.Equal(got, want) {
				t.Fatalf("file %d holds %q, want %q", i, got, want)
			}
		}
	})
}

// A folder that was away for a while costs what came meanwhile, and nothing later.
func TestALogGoesOnAfterARotationThatFailed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder with an open file cannot be moved")
	}
	folder := filepath.Join(t.TempDir(), "log")
	path, away := filepath.Join(folder, "c.log"), folder+".away"
	l, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.max = 8
	io.WriteString(l, "first\n")
	if err := os.Rename(folder, away); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := io.WriteString(l, "lost\n"); n != 0 || err == nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	if err := os.Rename(away, folder); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(l, "later\n"); err != nil {
		t.Error(err)
	}
	if text, _ := os.ReadFile(path); !strings.HasSuffix(string(text), "later\n") {
		t.Errorf("the log holds %q", text)
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

func TestTailIsTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.log")
	if text, end, err := LogTail(path); err != nil || end != 0 || text != nil {
		t.Errorf("of no log: %q, %d, %v", text, end, err)
	}
	var all strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&all, "line %d\n", i)
	}
	if err := os.WriteFile(path, []byte(all.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	text, end, err := LogTail(path)
	if err != nil || end != int64(all.Len()) {
		t.Errorf("%d, %v", end, err)
	}
	if got := string(text); !strings.HasPrefix(got, "line ") || !strings.HasSuffix(got, "\nline 99999\n") || len(got) > tailBytes {
		t.Errorf("%d bytes, from %.10q to %q", len(got), got, got[len(got)-12:])
	}
}

func TestFollowGoesOnWhereTheTailEnded(t *testing.T) {
	for name, c := range map[string]struct {
		from int64
		want string
	}{"from where it ended": {4, "two\n"}, "in a file that took its place": {400, "one\ntwo\n"}} {
		path := filepath.Join(t.TempDir(), "c.log")
		if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var got bytes.Buffer
		err := FollowLog(ctx, path, c.from, writerFunc(func(p []byte) (int, error) {
			defer cancel()
			return got.Write(p)
		}))
		cancel()
		if err != nil || got.String() != c.want {
			t.Errorf("%s: %q, %v", name, got.String(), err)
		}
	}
}

func TestTailFollowsOverRotations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.log")
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- FollowLog(ctx, path, 0, w); w.Close() }()
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
		t.Errorf("FollowLog ended with %v", err)
	}
}
