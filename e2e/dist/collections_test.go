//go:build e2e

package dist

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

var published = sync.OnceValues(func() (string, error) {
	m, err := first()
	if err != nil {
		return "", err
	}
	out := filepath.Join(scratch, "publish")
	_, err = run(stage.Root(), nil, "go", "run", "./build/publish", "-dist", m.folder, "-version", m.version, "-out", out)
	return out, err
})

func publishFolder(t *testing.T) string {
	t.Helper()
	out, err := published()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Who ran the Node tool with npx gets this program: npm picks the package of the
// system, and every argument and the exit code pass through.
func TestNPM(t *testing.T) {
	need(t, "npm", "npm")
	m := packages(t)
	folder := filepath.Join(publishFolder(t), "npm")
	project := t.TempDir()
	if err := os.WriteFile(filepath.Join(project, "package.json"), []byte(`{"private":true}`), 0o644); err != nil {
		t.Fatal(err)
	}
	install := []string{"install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"}
	for _, name := range []string{"clawrouter-codex", "clawrouter-codex-linux-x64"} {
		out, err := run(project, nil, "npm", "pack", "--silent", filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		install = append(install, "./"+strings.TrimSpace(out))
	}
	if _, err := run(project, nil, "npm", install...); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(project, "node_modules", ".bin", "clawrouter-codex"), args...)
		cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
		return cmd
	}
	out, err := command("version", "--json").Output()
	if err != nil || !bytes.Contains(out, []byte(`"version":"`+m.version+`"`)) {
		t.Errorf("version: %v %s", err, out)
	}
	wrong := command("no-such-command")
	if err := wrong.Run(); err == nil || wrong.ProcessState.ExitCode() != 2 {
		t.Errorf("a wrong command line ended with %v, not 2", err)
	}
	// Without the package of the system it says what to do.
	if err := os.RemoveAll(filepath.Join(project, "node_modules", "@blockrun", "clawrouter-codex-linux-x64")); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd := command("version")
	cmd.Stderr = &errs
	if err := cmd.Run(); err == nil || !strings.Contains(errs.String(), "go install") {
		t.Errorf("without the program: %v %s", err, errs.String())
	}
}

// Every command of the Node tool is one of this program, or is told in the README.
func TestCommandsOfTheNodeTool(t *testing.T) {
	prefix := t.TempDir()
	if _, err := run(prefix, nil, "tar", "-xzf", packages(t).file(t, "clawrouter-codex", "linux_amd64.tar.gz"), "--strip-components=1"); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(stage.Root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"start", "setup", "doctor", "gen-catalog", "desktop", "websearch", "daemon", "bridge", "wallet", "direct"} {
		cmd := exec.Command(filepath.Join(prefix, "bin", "clawrouter-codex"), name, "--help")
		cmd.Env = []string{"HOME=" + prefix}
		out, _ := cmd.CombinedOutput()
		known := bytes.Contains(out, []byte("clawrouter-codex "+name))
		if !known && !bytes.Contains(readme, []byte("`"+name+"`")) {
			t.Errorf("the Node tool had %q; this program does not know it, and the README does not say so", name)
		}
	}
}

func TestWinget(t *testing.T) {
	m := packages(t)
	folder := filepath.Join(publishFolder(t), "winget")
	read := func(name string, into any) {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("@")) {
			t.Errorf("%s has places that are not filled:\n%s", name, text)
		}
		if err := yaml.Unmarshal(text, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	type manifest struct {
		Version     string `yaml:"PackageVersion"`
		NestedFiles []struct {
			Path string `yaml:"RelativeFilePath"`
		} `yaml:"NestedInstallerFiles"`
		Installers []struct {
			URL string `yaml:"InstallerUrl"`
			Sum string `yaml:"InstallerSha256"`
		} `yaml:"Installers"`
	}
	var version, locale, installer manifest
	read("BlockRun.ClawRouterCodex.yaml", &version)
	read("BlockRun.ClawRouterCodex.locale.en-US.yaml", &locale)
	read("BlockRun.ClawRouterCodex.installer.yaml", &installer)
	for _, v := range []string{version.Version, locale.Version, installer.Version} {
		if v != m.version {
			t.Errorf("a manifest is of %q", v)
		}
	}
	path := m.file(t, "clawrouter-codex", "windows_amd64.zip")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(installer.Installers) != 1 || installer.Installers[0].Sum != fmt.Sprintf("%x", sha256.Sum256(data)) ||
		!strings.HasSuffix(installer.Installers[0].URL, "/"+filepath.Base(path)) {
		t.Errorf("the installer is %+v", installer.Installers)
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(installer.NestedFiles) != 2 {
		t.Errorf("it installs %v", installer.NestedFiles)
	}
	for _, nested := range installer.NestedFiles {
		if _, err := z.Open(strings.ReplaceAll(nested.Path, `\`, "/")); err != nil {
			t.Errorf("the zip holds no %s", nested.Path)
		}
	}
}

func TestHomebrewCask(t *testing.T) {
	path := filepath.Join(stage.Root(), "build", "homebrew", "clawrouter-codex.rb")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`cask "clawrouter-codex" do`, "sha256 ", "url ", "app \"clawrouter-codex.app\"", "zap trash:"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the cask has no %s", want)
		}
	}
	if _, err := exec.LookPath("ruby"); err != nil {
		t.Log("its syntax was not looked at: there is no ruby here")
		return
	}
	if _, err := run("", nil, "ruby", "-c", path); err != nil {
		t.Error(err)
	}
}

// The script that makes the .app runs on a Mac only; what can be looked at here is
// its syntax, and that it says so elsewhere.
func TestMacApp(t *testing.T) {
	folder := filepath.Join(stage.Root(), "build", "macos")
	if _, err := run(folder, nil, "bash", "-n", "make-app.sh"); err != nil {
		t.Error(err)
	}
	if _, err := run(folder, nil, "./make-app.sh"); err == nil || !strings.Contains(err.Error(), "can only be made on a Mac") {
		t.Errorf("here it says %v", err)
	}
	keys := plistKeys(t, filepath.Join(folder, "Info.plist"))
	for _, want := range []string{"CFBundleIdentifier", "LSUIElement", "NSAllowsLocalNetworking", "CFBundleIconFile"} {
		if !slices.Contains(keys, want) {
			t.Errorf("Info.plist has no %s", want)
		}
	}
}

func plistKeys(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return keys
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "key" {
			var key string
			if err := d.DecodeElement(&key, &start); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
		}
	}
}

// A tag of an action can be moved to other code; a commit cannot.
func TestWorkflows(t *testing.T) {
	root := stage.Root()
	paths, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: (\S+)(.*)$`)
	pinned := regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40}$`)
	named := regexp.MustCompile(`^ # v\d+\.\d+\.\d+$`)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range uses.FindAllStringSubmatch(string(text), -1) {
			if !pinned.MatchString(use[1]) || !named.MatchString(use[2]) {
				t.Errorf("%s uses %s%s: a full commit, and its version as a comment", filepath.Base(path), use[1], use[2])
			}
		}
	}
	need(t, "shellcheck", "shellcheck") // of the scripts in the workflows
	actionlint := filepath.Join(root, ".cache", "bin", "actionlint")
	if _, err := run(filepath.Join(root, "build", "tools"), nil, "go", "build", "-o", actionlint, "github.com/rhysd/actionlint/cmd/actionlint"); err != nil {
		t.Fatal(err)
	}
	if _, err := run(root, nil, actionlint, append([]string{"-shellcheck=shellcheck", "-pyflakes="}, paths...)...); err != nil {
		t.Error(err)
	}
}

func TestShellScripts(t *testing.T) {
	need(t, "shellcheck", "shellcheck")
	root := stage.Root()
	text, err := run(root, nil, "git", "grep", "-lE", "-e", "^#!.*(/bin/sh|bash)$")
	if err != nil {
		t.Fatal(err)
	}
	var scripts []string
	for path := range strings.Lines(text) {
		// A golden of an answer may hold a script too.
		if path = strings.TrimSpace(path); filepath.Ext(path) == ".sh" || filepath.Ext(path) == "" {
			scripts = append(scripts, path)
		}
	}
	if !slices.Contains(scripts, "e2e/install.sh") {
		t.Fatalf("the scripts are not found: %v", scripts)
	}
	if _, err := run(root, nil, "shellcheck", scripts...); err != nil {
		t.Error(err)
	}
}

// The packages of npm are laid out for npm's own rules on names and versions.
func TestNPMPackageNamesItsSystems(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(publishFolder(t), "npm", "clawrouter-codex", "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var main struct {
		Name, Version        string
		OptionalDependencies map[string]string
	}
	if err := json.Unmarshal(text, &main); err != nil {
		t.Fatal(err)
	}
	want := []string{"@blockrun/clawrouter-codex-linux-x64", "@blockrun/clawrouter-codex-win32-x64"}
	for _, name := range want {
		if main.OptionalDependencies[name] != main.Version {
			t.Errorf("%s %s asks for %v", main.Name, main.Version, main.OptionalDependencies)
		}
	}
}
