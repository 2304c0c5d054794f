package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSameFiles(t *testing.T) {
	folder := func(files map[string]string) string {
		dir := t.TempDir()
		for name, text := range files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	whole := map[string]string{"index.html": "a", "assets/panel.js": "b"}
	for _, tt := range []struct {
		name  string
		other map[string]string
		same  bool
	}{
		{"the same", map[string]string{"index.html": "a", "assets/panel.js": "b"}, true},
		{"another text", map[string]string{"index.html": "a", "assets/panel.js": "c"}, false},
		{"one missing", map[string]string{"index.html": "a"}, false},
		{"one more", map[string]string{"index.html": "a", "assets/panel.js": "b", "old.js": ""}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := sameFiles(folder(whole), folder(tt.other)); (err == nil) != tt.same {
				t.Errorf("%v", err)
			}
		})
	}
}
