package e2e

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const wailsModule = "github.com/wailsapp/wails/v2"

// Wails ignores what it does not know, so that a misspelt key of wails.json is one
// that has no effect: each must be a name which its own type of that file reads.
func TestWailsReadsEachKeyOfWailsJSON(t *testing.T) {
	known := wailsKeys(t)
	known["Project"]["$schema"] = true // of editors
	var file map[string]json.RawMessage
	readJSON(t, "../wails.json", &file)
	for _, part := range []struct{ of, key string }{{"Project", ""}, {"Author", "author"}, {"Info", "info"}} {
		keys := file
		if part.key != "" {
			keys = nil
			if err := json.Unmarshal(file[part.key], &keys); err != nil {
				t.Fatalf("%s: %v", part.key, err)
			}
		}
		for key := range keys {
			if !known[part.of][key] {
				t.Errorf("%s %q is not read by Wails, which knows %v", part.key, key, slices.Sorted(maps.Keys(known[part.of])))
			}
		}
	}
}

// wailsKeys are the JSON names of the fields of the types that Wails reads wails.json
// into, by type.
func wailsKeys(t *testing.T) map[string]map[string]bool {
	t.Helper()
	folder, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", wailsModule).Output()
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(strings.TrimSpace(string(folder)), "internal", "project", "project.go")
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		fields, ok := spec.Type.(*ast.StructType)
		if !ok {
			return false
		}
		known[spec.Name.Name] = map[string]bool{}
		for _, field := range fields.Fields.List {
			name := ""
			if field.Tag != nil {
				tag, err := strconv.Unquote(field.Tag.Value)
				if err != nil {
					t.Fatal(err)
				}
				name, _, _ = strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			}
			// Without a name of its own a field is found by the Go one, in any case.
			if name == "" && len(field.Names) > 0 {
				name = strings.ToLower(field.Names[0].Name)
			}
			known[spec.Name.Name][name] = true
		}
		return false
	})
	if len(known["Project"]) == 0 || len(known["Author"]) == 0 || len(known["Info"]) == 0 {
		t.Fatalf("%s has other types than were looked for: %v", source, slices.Sorted(maps.Keys(known)))
	}
	return known
}

// What wails.json says stands elsewhere too.
func TestWailsJSONFitsTheRest(t *testing.T) {
	var file struct {
		Name, OutputFilename string
		Frontend             string `json:"frontend:dir"`
		Install              string `json:"frontend:install"`
		Build                string `json:"frontend:build"`
		Folder               string `json:"build:dir"`
		Tags                 string `json:"build:tags"`
		Author               struct{ Name string }
		Info                 struct{ CompanyName, ProductName, Copyright, Comments string }
	}
	readJSON(t, "../wails.json", &file)
	var page struct{ Scripts map[string]string }
	readJSON(t, filepath.Join("..", file.Frontend, "package.json"), &page)
	script := strings.TrimPrefix(file.Build, "npm run ")
	if page.Scripts[script] == "" || file.Install != "npm ci" {
		t.Errorf("%q and %q are no commands of %s", file.Install, file.Build, file.Frontend)
	}
	if _, err := os.Stat(filepath.Join("..", file.Folder, "appicon.png")); err != nil {
		t.Errorf("%q holds no icon: %v", file.Folder, err)
	}
	// "make panel" builds what "wails build" does: Wails adds the first two tags.
	makefile := readText(t, "../Makefile")
	panel := regexp.MustCompile(`go build -trimpath -tags (\S+) -o \$\(program\)(\S+) \.`).FindStringSubmatch(makefile)
	if panel == nil {
		t.Fatal("make panel builds nothing")
	}
	if want := "desktop,production," + file.Tags; panel[1] != want {
		t.Errorf("make panel builds with %s, wails build with %s", panel[1], want)
	}
	if want := file.Name + panel[2]; file.OutputFilename != want {
		t.Errorf("wails build makes %s, make panel %s", file.OutputFilename, want)
	}
	if !strings.Contains(readText(t, "../app/window.go"), strconv.Quote(file.OutputFilename)) {
		t.Errorf("the menu bar looks for another program than %s", file.OutputFilename)
	}
	if file.Author.Name == "" || file.Info.CompanyName == "" || file.Info.ProductName != file.Name || file.Info.Comments == "" ||
		!strings.Contains(readText(t, "../LICENSE"), strings.Fields(file.Info.Copyright + " ?")[0]) {
		t.Errorf("who made it, and under which licence: %+v", file)
	}
}

// The command that builds and the library that runs are of one release.
func TestWailsHasOneVersion(t *testing.T) {
	version := regexp.MustCompile(regexp.QuoteMeta(wailsModule) + ` (v\S+)`)
	library := version.FindStringSubmatch(readText(t, "../go.mod"))
	command := version.FindStringSubmatch(readText(t, "../build/wails/go.mod"))
	if library == nil || command == nil || library[1] != command[1] {
		t.Errorf("go.mod has %q, build/wails/go.mod %q", library, command)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(readText(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
