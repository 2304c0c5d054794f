package e2e

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/BlockRunAI/clawrouter-codex"

// outside are trees that import nothing but themselves: they know the program
// from its command line, or only make packages of it.
var outside = []string{"e2e", "bench", "build"}

// only are libraries that one room keeps for itself, so that exchanging one, or
// building without it, touches one room.
var only = map[string][]string{
	"github.com/spf13/cobra":             {"backend/cli"},
	"github.com/wailsapp/wails":          {"app"},
	"fyne.io/systray":                    {"app"},
	"github.com/pelletier/go-toml":       {"backend/tomledit", "backend/settings", "backend/codex"},
	"github.com/klauspost/compress":      {"backend/bridge"},
	"github.com/decred/dcrd":             {"backend/proxy", "backend/clawsim"},
	"github.com/go-json-experiment/json": {"backend/translate"},
	"github.com/openai/openai-go":        {"backend/translate"}, // in tests, as a judge
	"github.com/rogpeppe/go-internal":    {"backend/cli"},       // in tests
}

// pure rooms compute and touch nothing: no file, no network, no process. Tests
// may, to read what was recorded.
var pure = []string{"backend/translate", "backend/models", "backend/tomledit"}

// touching is what they do without. Of net/http they take the names of statuses.
var touching = []string{"net", "os", "os/exec", "io/ioutil", "path/filepath", "log", "log/slog", "syscall"}

// source is one Go file, whatever its build tags say.
type source struct {
	path, folder string // from the top of the tree, with slashes
	test         bool
	lines        int
	file         *ast.File
	fset         *token.FileSet
}

func (s source) imports(yield func(string) bool) {
	for _, i := range s.file.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err != nil || !yield(p) {
			return
		}
	}
}

func sources(t *testing.T) []source {
	t.Helper()
	fset := token.NewFileSet()
	var all []source
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(p), "../")
		all = append(all, source{
			path: name, folder: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
			lines: fset.File(f.Pos()).LineCount(), file: f, fset: fset,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// rooms are the folders that docs/architecture.md lists, the highest first.
func rooms(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "```rooms\n")
	list, _, found := strings.Cut(list, "```")
	if !found {
		t.Fatal("docs/architecture.md has no list of rooms")
	}
	var names []string
	for lines := bufio.NewScanner(strings.NewReader(list)); lines.Scan(); {
		name, job, _ := strings.Cut(lines.Text(), " ")
		if strings.TrimSpace(job) == "" {
			t.Errorf("docs/architecture.md does not say what %s is for", name)
		}
		names = append(names, name)
	}
	return names
}

// roomOf is the place in the list of the room that folder lies in, -1 for none.
func roomOf(list []string, folder string) int {
	for {
		if i := slices.Index(list, folder); i >= 0 {
			return i
		}
		parent := path.Dir(folder)
		if parent == "." || parent == folder {
			return -1
		}
		folder = parent
	}
}

// The list of rooms is that of the tree, and imports go down it only.
func TestRooms(t *testing.T) {
	list := rooms(t)
	lived := map[int]bool{}
	for _, s := range sources(t) {
		if slices.Contains(outside, strings.Split(s.folder, "/")[0]) {
			checkOutside(t, s)
			continue
		}
		room := roomOf(list, s.folder)
		if room < 0 {
			t.Errorf("%s lies in no room: give %s a line in docs/architecture.md, above what it imports", s.path, s.folder)
			continue
		}
		lived[room] = true
		for imported := range s.imports {
			checkImport(t, list, room, s, imported)
		}
		if !s.test && slices.Contains(pure, list[room]) {
			checkStatusesOnly(t, s)
		}
	}
	for i, name := range list {
		if !lived[i] {
			t.Errorf("docs/architecture.md lists %s, in which there is no Go file", name)
		}
	}
}

func checkOutside(t *testing.T, s source) {
	t.Helper()
	top := strings.Split(s.folder, "/")[0]
	for imported := range s.imports {
		own, ours := strings.CutPrefix(imported, module+"/")
		if ours && own != top && !strings.HasPrefix(own, top+"/") {
			t.Errorf("%s imports %s: %s knows the program only from outside", s.path, own, top)
		}
	}
}

func checkImport(t *testing.T, list []string, room int, s source, imported string) {
	t.Helper()
	if own, ours := strings.CutPrefix(imported, module+"/"); ours {
		if to := roomOf(list, own); to < room {
			t.Errorf("%s imports %s, which is not below %s in docs/architecture.md", s.path, own, list[room])
		}
		return
	}
	if !s.test && slices.Contains(pure, list[room]) && slices.Contains(touching, imported) {
		t.Errorf("%s imports %s: %s is pure", s.path, imported, list[room])
	}
	for library, owners := range only {
		if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.Contains(owners, list[room]) {
			t.Errorf("%s imports %s, which only %s may", s.path, imported, strings.Join(owners, ", "))
		}
	}
}

func checkStatusesOnly(t *testing.T, s source) {
	t.Helper()
	ast.Inspect(s.file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := selector.X.(*ast.Ident); ok && x.Name == "http" && !strings.HasPrefix(selector.Sel.Name, "Status") {
			t.Errorf("%s uses http.%s: %s is pure", s.path, selector.Sel.Name, s.folder)
		}
		return true
	})
}

// A file fits a sitting and a function a screen; a table of cases in a test may
// be longer.
func TestSizes(t *testing.T) {
	const fileLines, functionLines = 500, 65
	for _, s := range sources(t) {
		if s.lines > fileLines && !ast.IsGenerated(s.file) {
			t.Errorf("%s has %d lines, more than %d", s.path, s.lines, fileLines)
		}
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; n > functionLines {
				t.Errorf("%s: %s has %d lines, more than %d", s.path, f.Name.Name, n, functionLines)
			}
		}
	}
}

// Every package says what it is for, once.
func TestEveryPackageSaysItsJob(t *testing.T) {
	said := map[string]int{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		said[s.folder] += 0
		if s.file.Doc != nil && !strings.HasPrefix(s.file.Doc.Text(), "Code generated") {
			said[s.folder]++
		}
	}
	for folder, n := range said {
		if n != 1 {
			t.Errorf("%s has %d package comments, not one", folder, n)
		}
	}
}
