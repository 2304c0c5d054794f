package panel

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/link"
)

const (
	// codeParameter carries the code of a one-time link.
	codeParameter = "link"
	indexName     = "index.html"
)

// tokenPlace is where the page has its token; it is empty for a browser that is
// not let in. The page moves it into the tab's own storage and removes it.
var tokenPlace = []byte(`name="panel-token" content=""`)

// site is the built page.
type site struct {
	before, after []byte            // of index.html, around the token
	assets        map[string][]byte // by path below Path + "/"
}

func readSite(files fs.FS) (*site, error) {
	s := &site{assets: map[string][]byte{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		s.assets[name], err = fs.ReadFile(files, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built page: %w", err)
	}
	before, after, ok := bytes.Cut(s.assets[indexName], tokenPlace)
	if !ok {
		return nil, fmt.Errorf("the built page has no place for its token")
	}
	delete(s.assets, indexName)
	quote := len(tokenPlace) - 1
	s.before = append(bytes.Clone(before), tokenPlace[:quote]...)
	s.after = append(bytes.Clone(tokenPlace[quote:]), after...)
	return s, nil
}

// page is the same for everybody but for the token, and shows nothing without.
func (s *server) page(w http.ResponseWriter, r *http.Request) {
	token := ""
	if s.letsIn(r) {
		token = s.Access.token()
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	for _, part := range [][]byte{s.site.before, []byte(token), s.site.after} {
		if _, err := w.Write(part); err != nil {
			return
		}
	}
}

// letsIn accepts an unused one-time link, and without one a navigation that the
// user began (typed, bookmark) in a browser that is theirs. Sec-Fetch-Site is
// none for those only: a page that opens our address in a window says
// same-site or cross-site.
func (s *server) letsIn(r *http.Request) bool {
	// The system shows a browser's command line, and a link in it, to other users.
	if s.OtherUser != nil && s.OtherUser(r) {
		return false
	}
	if code := r.URL.Query().Get(codeParameter); code != "" && s.Access.redeem(code) {
		return true
	}
	return r.Header.Get("Sec-Fetch-Site") == "none" && s.SameUser != nil && s.SameUser(r)
}

// kinds are the types of what the build makes. The system's own table, which
// mime uses, is another one on every machine.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func (s *server) asset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, Path+"/")
	data, ok := s.site.assets[name]
	kind := kinds[path.Ext(name)]
	if !ok || kind == "" || r.Method != http.MethodGet {
		refuse(w, http.StatusNotFound, &link.Error{Kind: link.Failed, Message: "there is no such file"})
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(data) // a client that went away needs no answer
}
