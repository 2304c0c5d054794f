package proxy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/backend/console"
)

// MinNode is the oldest major release of Node.js that ClawRouter runs on.
const MinNode = 22

// nodeTimeout bounds one question to a node, which a version manager's shim
// may answer slowly.
const nodeTimeout = 10 * time.Second

// NodeSearch is where to look for Node.js.
type NodeSearch struct {
	Env  []string // as os.Environ gives it; PATH and the managers' variables are read
	Home string
	Node string // path remembered by setup, or empty
	Npx  string // path remembered by setup, or empty

	// system replaces systemPlaces in tests, which must not find the machine's.
	system []string
}

// Node is a usable Node.js.
type Node struct {
	Path    string // the program itself, not a version manager's shim
	Version string // "22.11.0"
	Npx     string // path of npx; empty when there is none
}

// CheckNode finds a Node.js of at least MinNode: the remembered one, then PATH,
// then the places where installers and version managers put it, since a program
// started at login has no PATH of the user's. The error is a *StartError of kind
// NodeMissing or NodeTooOld. A missing npx is no error here, see Node.Npx.
func CheckNode(ctx context.Context, s NodeSearch) (Node, error) {
	var tooOld *Node
	for _, path := range nodeCandidates(s) {
		n, err := askNode(ctx, path, s.Env)
		if ctx.Err() != nil {
			return Node{}, fmt.Errorf("look for Node.js: %w", ctx.Err())
		}
		if err != nil {
			continue
		}
		if major(n.Version) >= MinNode {
			n.Npx = findNpx(n.Path, s)
			return n, nil
		}
		if tooOld == nil || major(n.Version) > major(tooOld.Version) {
			tooOld = &n
		}
	}
	if tooOld != nil {
		return *tooOld, &StartError{
			Kind:    NodeTooOld,
			Message: fmt.Sprintf("Node.js %s (%s) is too old: ClawRouter needs %d or newer.", tooOld.Version, tooOld.Path, MinNode),
			Mend:    installNode(runtime.GOOS),
		}
	}
	return Node{}, &StartError{
		Kind:    NodeMissing,
		Message: fmt.Sprintf("Node.js was not found: ClawRouter needs Node.js %d or newer.", MinNode),
		Mend:    installNode(runtime.GOOS),
	}
}

func installNode(goos string) string {
	switch goos {
	case "darwin":
		return "Install it with: brew install node (or from https://nodejs.org)"
	case "windows":
		return "Install it with: winget install OpenJS.NodeJS.LTS (or from https://nodejs.org)"
	default:
		return fmt.Sprintf("Install Node.js %d or newer from https://nodejs.org/en/download or with your version manager.", MinNode)
	}
}

func npxMissing(node Node) error {
	return &StartError{
		Kind:    NpxMissing,
		Message: fmt.Sprintf("Node.js %s is there (%s), but npx is not.", node.Version, node.Path),
		Mend:    "Install npm, which brings npx (on Debian and Ubuntu: sudo apt install npm), or name a command in CLAWROUTER_CMD.",
	}
}

// askNode runs the program, because only it knows its version and, behind a
// shim, its real place.
func askNode(ctx context.Context, path string, env []string) (Node, error) {
	ctx, cancel := context.WithTimeout(ctx, nodeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-p", `process.version+"\n"+process.execPath`)
	// NODE_OPTIONS may print, or load what does not exist here.
	cmd.Env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		return strings.HasPrefix(kv, "NODE_OPTIONS=")
	})
	if cmd.Env == nil {
		cmd.Env = []string{}
	}
	cmd.WaitDelay = time.Second
	console.None(cmd)
	out, err := cmd.Output()
	if err != nil {
		return Node{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	lines := strings.Fields(strings.ReplaceAll(string(out), "\r", ""))
	if len(lines) == 0 || major(lines[0]) == 0 {
		return Node{}, fmt.Errorf("%s does not answer like Node.js", path)
	}
	n := Node{Path: path, Version: strings.TrimPrefix(lines[0], "v")}
	if _, exe, ok := strings.Cut(strings.TrimSpace(string(out)), "\n"); ok {
		if exe = strings.TrimSpace(exe); filepath.IsAbs(exe) {
			n.Path = exe
		}
	}
	return n, nil
}

func major(version string) int {
	first, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}

// nodeCandidates lists existing programs, each once, in the order of CheckNode.
func nodeCandidates(s NodeSearch) []string {
	var out []string
	add := func(path string) {
		if filepath.IsAbs(path) && !slices.Contains(out, path) && executable(path) {
			out = append(out, path)
		}
	}
	add(s.Node)
	for _, dir := range pathDirs(s.Env) {
		add(filepath.Join(dir, exeName("node")))
	}
	system := s.system
	if system == nil {
		system = systemPlaces()
	}
	for _, pattern := range append(nodePlaces(s), system...) {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		slices.SortFunc(found, newestFirst)
		for _, path := range found {
			add(path)
		}
	}
	return out
}

// nodePlaces are glob patterns; what the user's environment names comes first.
func nodePlaces(s NodeSearch) []string {
	env := envMap(s.Env)
	below := func(name, fallback string, rest ...string) string {
		root := env[name]
		if root == "" {
			root = filepath.Join(s.Home, fallback)
		}
		return filepath.Join(append([]string{root}, rest...)...)
	}
	if runtime.GOOS == "windows" {
		return windowsNodePlaces(env)
	}
	return []string{
		below("VOLTA_HOME", ".volta", "bin", "node"),
		below("NVM_DIR", ".nvm", "versions", "node", "v*", "bin", "node"),
		below("FNM_DIR", ".local/share/fnm", "aliases", "default", "bin", "node"),
		below("FNM_DIR", ".local/share/fnm", "node-versions", "v*", "installation", "bin", "node"),
		below("MISE_DATA_DIR", ".local/share/mise", "installs", "node", "*", "bin", "node"),
		below("ASDF_DATA_DIR", ".asdf", "installs", "nodejs", "*", "bin", "node"),
		below("NODENV_ROOT", ".nodenv", "versions", "*", "bin", "node"),
		below("N_PREFIX", "n", "bin", "node"),
		filepath.Join(s.Home, ".local", "bin", "node"),
	}
}

// windowsNodePlaces leaves out what is below a variable that is not set: it would be
// looked for in the working folder.
func windowsNodePlaces(env map[string]string) []string {
	var places []string
	for _, p := range []struct{ root, below string }{
		{"ProgramFiles", `nodejs\node.exe`},
		{"LOCALAPPDATA", `Programs\nodejs\node.exe`},
		{"LOCALAPPDATA", `Volta\bin\node.exe`},
		{"APPDATA", `nvm\v*\node.exe`},
		{"APPDATA", `fnm\node-versions\v*\installation\node.exe`},
	} {
		if root := lookup(env, p.root, true); root != "" {
			places = append(places, root+`\`+p.below)
		}
	}
	return places
}

// systemPlaces is where installers for all users put node; those of Windows say it in
// a variable. There anybody may make a folder \usr, and put a node into it.
func systemPlaces() []string {
	if runtime.GOOS == "windows" {
		return nil
	}
	return []string{"/opt/homebrew/bin/node", "/usr/local/bin/node", "/usr/bin/node", "/snap/bin/node"}
}

// newestFirst orders paths that differ in a version, v9 below v22.
func newestFirst(a, b string) int {
	va, vb := versionIn(a), versionIn(b)
	if versionLess(va, vb) {
		return 1
	}
	if versionLess(vb, va) {
		return -1
	}
	return strings.Compare(b, a)
}

func versionIn(path string) [3]int {
	for _, part := range strings.Split(filepath.ToSlash(path), "/") {
		if v, ok := parseVersion(part); ok {
			return v
		}
	}
	return [3]int{}
}

// findNpx prefers the npx beside node: one from another installation would run
// under that installation's npm.
func findNpx(node string, s NodeSearch) string {
	candidates := []string{s.Npx, filepath.Join(filepath.Dir(node), npxName())}
	for _, dir := range pathDirs(s.Env) {
		candidates = append(candidates, filepath.Join(dir, npxName()))
	}
	for _, path := range candidates {
		if filepath.IsAbs(path) && executable(path) {
			return path
		}
	}
	return ""
}

func npxName() string {
	if runtime.GOOS == "windows" {
		return "npx.cmd"
	}
	return "npx"
}

func exeName(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

func pathDirs(env []string) []string {
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		if sameName(name, "PATH", runtime.GOOS == "windows") {
			return filepath.SplitList(value)
		}
	}
	return nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}

// lookProgram finds a command's program in dirs, or where its path says.
func lookProgram(name string, dirs []string) (string, error) {
	if filepath.Base(name) != name {
		if executable(name) {
			return filepath.Abs(name)
		}
		return "", errors.New("no such program, or it may not be executed")
	}
	exts := []string{""}
	if runtime.GOOS == "windows" {
		exts = []string{".exe", ".cmd", ".bat", ".com", ""}
	}
	for _, dir := range dirs {
		for _, ext := range exts {
			if path := filepath.Join(dir, name+ext); filepath.IsAbs(path) && executable(path) {
				return path, nil
			}
		}
	}
	return "", errors.New("no such program on PATH")
}
