package panel

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Other users of a Mac can read a command line, and a link that stands there.
func TestTheBrowserIsHandedTheLink(t *testing.T) {
	const url = "http://127.0.0.1:8403/dashboard?link=secret&x=1"
	folder := t.TempDir()
	for goos, want := range map[string][]string{
		"linux":   {"/bin/xdg-open", url},
		"windows": {"/bin/rundll32", "url.dll,FileProtocolHandler", url},
		"darwin":  {"/bin/open", filepath.Join(folder, "panel.html")},
	} {
		var ran []string
		b := Browser{
			GOOS: goos, Folder: folder,
			LookPath: func(name string) (string, error) { return "/bin/" + name, nil },
			Start:    func(name string, args ...string) error { ran = append([]string{name}, args...); return nil },
		}
		if err := b.Open(url); err != nil || !slices.Equal(ran, want) {
			t.Errorf("%s: ran %q, want %q (%v)", goos, ran, want, err)
		}
	}
	file := filepath.Join(folder, "panel.html")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), `url=http://127.0.0.1:8403/dashboard?link=secret&amp;x=1"`) {
		t.Errorf("%v %s", err, text)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestNoBrowserTellsHowToGoOn(t *testing.T) {
	b := Browser{GOOS: "linux", LookPath: func(string) (string, error) { return "", errors.New("not found") }}
	var none *noBrowser
	if err := b.Open("x"); !errors.As(err, &none) || !strings.Contains(none.Mend(), "panel --print") {
		t.Errorf("%v", err)
	}
}
