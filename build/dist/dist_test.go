package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestVersion(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	made := time.Date(2026, 11, 25, 10, 30, 0, 0, time.UTC)
	tests := []struct {
		name          string
		exact, before string
		changed       bool
		want, debian  string
	}{
		{"a release", "v1.2.3", "v1.2.3", false, "1.2.3", "1.2.3"},
		{"a pre-release", "v1.2.3-rc.1", "v1.2.3-rc.1", false, "1.2.3-rc.1", "1.2.3~rc.1"},
		{"after a release", "", "v1.2.3", false, "1.2.4-0.20261125103000-0123456789ab", "1.2.4~0.20261125103000-0123456789ab"},
		{"before the first", "", "", false, "0.0.0-20261125103000-0123456789ab", "0.0.0~20261125103000-0123456789ab"},
		{"changed since", "v1.2.3", "v1.2.3", true, "1.2.3+dirty", "1.2.3+dirty"},
		{"a tag that is no version", "vnext", "", false, "0.0.0-20261125103000-0123456789ab", "0.0.0~20261125103000-0123456789ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := version(tt.exact, tt.before, commit, made, tt.changed)
			if got != tt.want || debianVersion(got) != tt.debian {
				t.Errorf("%s, for Debian %s; want %s, %s", got, debianVersion(got), tt.want, tt.debian)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	got, err := choose("windows,linux/arm64")
	if diff := cmp.Diff([]target{{"windows", "amd64"}, {"linux", "arm64"}}, got, cmp.AllowUnexported(target{})); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := choose("plan9"); err == nil {
		t.Error("packages for Plan 9 were promised")
	}
}

// Whose machine packs, and when, must not show.
func TestArchivesTellNothingOfTheMachine(t *testing.T) {
	when := time.Date(2026, 11, 25, 10, 30, 0, 0, time.UTC)
	pack := func(touched time.Time, order []string) (tarball, zipfile string) {
		folder, out := t.TempDir(), t.TempDir()
		for _, name := range order {
			path := filepath.Join(folder, name)
			if err := writeFile(path, []byte("what is in "+name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, touched, touched); err != nil {
				t.Fatal(err)
			}
		}
		read := func(name string, packed error) string {
			if packed != nil {
				t.Fatal(packed)
			}
			data, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Fatal(err)
			}
			return string(data)
		}
		return read("a.tar.gz", tarGz(folder, "top", filepath.Join(out, "a.tar.gz"), when)),
			read("a.zip", zipped(folder, "top", filepath.Join(out, "a.zip"), when))
	}
	oneTar, oneZip := pack(when, []string{"b", "a/c"})
	twoTar, twoZip := pack(when.Add(time.Hour), []string{"a/c", "b"})
	if oneTar != twoTar || oneZip != twoZip {
		t.Error("the same files make different archives")
	}
}
