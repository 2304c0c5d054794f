//go:build e2e

package dist

import (
	"debug/elf"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// versionOf runs an installed program and holds its answer to the commit.
func versionOf(t *testing.T, m made, program string) {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command(program, "version", "--json")
	cmd.Env = []string{"HOME=" + home, "PATH=/nowhere"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s version: %v", program, err)
	}
	var answer struct {
		Data struct{ Version, Commit string }
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	if got := answer.Data; got.Version != m.version || got.Commit != m.commit {
		t.Errorf("it says %+v; packaged was %s of %s", got, m.version, m.commit)
	}
}

// The archive unpacks into a prefix, and what is in it runs without a library.
func TestLinuxArchive(t *testing.T) {
	m := packages(t)
	prefix := t.TempDir()
	if _, err := run(prefix, nil, "tar", "-xzf", m.file(t, "clawrouter-codex", "linux_amd64.tar.gz"), "--strip-components=1"); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(prefix, "bin", "clawrouter-codex")
	if libraries := linked(t, program); len(libraries) > 0 {
		t.Errorf("it is linked to %v", libraries)
	}
	versionOf(t, m, program)
	for _, name := range []string{
		"share/man/man1/clawrouter-codex.1.gz", "share/doc/clawrouter-codex/NOTICES",
		"share/bash-completion/completions/clawrouter-codex", "share/zsh/site-functions/_clawrouter-codex",
		"share/fish/vendor_completions.d/clawrouter-codex.fish", "share/icons/hicolor/scalable/apps/clawrouter-codex.svg",
	} {
		if info, err := os.Stat(filepath.Join(prefix, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is linked in, or bundled into the page, is there under its own terms.
func TestNotices(t *testing.T) {
	m := packages(t)
	prefix := t.TempDir()
	if _, err := run(prefix, nil, "tar", "-xzf", m.file(t, "clawrouter-codex", "linux_amd64.tar.gz"), "--strip-components=1"); err != nil {
		t.Fatal(err)
	}
	notices, err := os.ReadFile(filepath.Join(prefix, "share", "doc", "clawrouter-codex", "NOTICES"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Go 1.", "github.com/spf13/cobra", "fyne.io/systray", "github.com/wailsapp/wails", "Svelte Contributors"} {
		if !strings.Contains(string(notices), name) {
			t.Errorf("nothing is said of %s", name)
		}
	}
}

func linked(t *testing.T, program string) []string {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	return libraries
}

// The page is read by the program that shows pages, which warns of what it does
// not understand.
func TestManualPage(t *testing.T) {
	need(t, "groff", "groff-base")
	m := packages(t)
	prefix := t.TempDir()
	if _, err := run(prefix, nil, "tar", "-xzf", m.file(t, "clawrouter-codex", "linux_amd64.tar.gz"), "--strip-components=1"); err != nil {
		t.Fatal(err)
	}
	out, err := run(prefix, nil, "sh", "-c", "gzip -dc share/man/man1/clawrouter-codex.1.gz | groff -Kutf8 -man -Tutf8 -ww -z 2>&1")
	if err != nil || out != "" {
		t.Errorf("groff complains: %v\n%s", err, out)
	}
}

func TestDesktopFiles(t *testing.T) {
	need(t, "desktop-file-validate", "desktop-file-utils")
	need(t, "appstreamcli", "appstream")
	folder := filepath.Join(stage.Root(), "build", "linux")
	if out, err := run(folder, nil, "desktop-file-validate", "ai.blockrun.clawrouter-codex.desktop"); err != nil || out != "" {
		t.Errorf("%v%s", err, out)
	}
	if _, err := run(folder, nil, "appstreamcli", "validate", "--no-net", "ai.blockrun.clawrouter-codex.metainfo.xml"); err != nil {
		t.Error(err)
	}
}

// need skips a test where a program is not to be had; e2e/install.sh brings it on
// Debian.
func need(t *testing.T, program, debianPackage string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if _, err := exec.LookPath("dpkg"); err == nil {
		t.Fatalf("%s is missing: apt-get install %s", program, debianPackage)
	}
	t.Skipf("%s is missing", program)
}

// scratchRoot is a Debian system in which only the named packages are installed.
func scratchRoot(t *testing.T, installed ...string) string {
	t.Helper()
	need(t, "dpkg", "dpkg")
	root := t.TempDir()
	for _, folder := range []string{"info", "updates", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var", "lib", "dpkg", folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var status strings.Builder
	for _, name := range installed {
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nMaintainer: Nobody <nobody@example.com>\n"+
			"Architecture: amd64\nVersion: 99\nDescription: stands in\n\n", name)
	}
	if err := os.WriteFile(filepath.Join(root, "var", "lib", "dpkg", "status"), []byte(status.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

// dpkg acts on a scratch root, which needs no privilege: no package of ours has
// a script.
func dpkg(root string, args ...string) (string, error) {
	arguments := append([]string{"--root=" + root, "--force-not-root", "--force-bad-path", "--log=/dev/null"}, args...)
	return run(root, []string{"LC_ALL=C"}, "dpkg", arguments...)
}

// files are the files below root that are not dpkg's own.
func files(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		if name == filepath.Join("var", "lib", "dpkg") {
			return filepath.SkipDir
		}
		if name != "." && name != "var" && name != "var/lib" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestDebianPackage(t *testing.T) {
	m := packages(t)
	root := scratchRoot(t)
	if _, err := dpkg(root, "--install", m.file(t, "clawrouter-codex", "amd64.deb")); err != nil {
		t.Fatal(err)
	}
	versionOf(t, m, filepath.Join(root, "usr", "bin", "clawrouter-codex"))
	there := files(t, root)
	for _, want := range []string{
		"usr/share/applications/ai.blockrun.clawrouter-codex.desktop", "usr/share/metainfo/ai.blockrun.clawrouter-codex.metainfo.xml",
		"usr/share/icons/hicolor/256x256/apps/clawrouter-codex.png", "usr/share/man/man1/clawrouter-codex.1.gz",
		"usr/share/bash-completion/completions/clawrouter-codex", "usr/share/zsh/vendor-completions/_clawrouter-codex",
		"usr/share/fish/vendor_completions.d/clawrouter-codex.fish", "usr/share/doc/clawrouter-codex/copyright",
	} {
		if !slices.Contains(there, want) {
			t.Errorf("the package brings no %s", want)
		}
	}
	// Installing the same again, as an upgrade does, changes nothing.
	if _, err := dpkg(root, "--install", m.file(t, "clawrouter-codex", "amd64.deb")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(there, files(t, root)); diff != "" {
		t.Errorf("after the second install:\n%s", diff)
	}
	if _, err := dpkg(root, "--remove", "clawrouter-codex"); err != nil {
		t.Fatal(err)
	}
	if left := files(t, root); len(left) > 0 {
		t.Errorf("after the removal there is still %v", left)
	}
	if out, err := dpkg(root, "--audit"); err != nil || out != "" {
		t.Errorf("dpkg --audit: %v %s", err, out)
	}
}

// The panel brings WebKitGTK, which the program itself does not need.
func TestDebianPanelPackage(t *testing.T) {
	m := packages(t)
	path := filepath.Join(m.folder, "clawrouter-codex-panel_"+m.version+"_amd64.deb")
	if _, err := os.Stat(path); err != nil {
		t.Skip("this machine has no headers of WebKitGTK, so that no panel was made")
	}
	if out, err := dpkg(scratchRoot(t), "--install", path); err == nil || !strings.Contains(err.Error(), "libwebkit2gtk-4.1-0") {
		t.Errorf("installed without WebKitGTK: %v %s", err, out)
	}
	root := scratchRoot(t, "libwebkit2gtk-4.1-0", "libgtk-3-0", "libc6")
	if _, err := dpkg(root, "--install", m.file(t, "clawrouter-codex", "amd64.deb"), path); err != nil {
		t.Fatal(err)
	}
	libraries := linked(t, filepath.Join(root, "usr", "bin", "clawrouter-codex-panel"))
	if !slices.Contains(libraries, "libwebkit2gtk-4.1.so.0") {
		t.Errorf("the panel is linked to %v", libraries)
	}
	if _, err := dpkg(root, "--remove", "clawrouter-codex-panel", "clawrouter-codex"); err != nil {
		t.Fatal(err)
	}
	if left := files(t, root); len(left) > 0 {
		t.Errorf("after the removal there is still %v", left)
	}
}
