package codex

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// KeyHeader is the header in which Codex proves to the bridge that it is this
// user's, as it stands in http_headers.
const KeyHeader = "x-clawrouter-key"

var (
	headersPath = slices.Concat(providerPath, []string{"http_headers"})
	keyPath     = slices.Concat(headersPath, []string{KeyHeader})
)

// writeKey puts the bridge's key among the headers that Codex sends to our
// provider, beside the user's own. "" takes it out.
func writeKey(doc *tomledit.Doc, key string) error {
	switch {
	case key == "":
		return dropKey(doc)
	case !doc.Has(headersPath...):
		return doc.Set("{ "+KeyHeader+" = "+tomledit.Quote(key)+" }", headersPath...)
	}
	return doc.Set(tomledit.Quote(key), keyPath...)
}

// dropKey leaves the headers of the user's own.
func dropKey(doc *tomledit.Doc) error {
	if !doc.Has(keyPath...) {
		return nil
	}
	if err := doc.Delete(keyPath...); err != nil {
		return err
	}
	if left, inline := doc.Get(headersPath...); inline && strings.Trim(left, "{ \t}") == "" {
		return doc.Delete(headersPath...)
	}
	return nil
}

// Private reports whether a file may hold the bridge's key: it is this user's to
// read alone, and no symlink, behind which lies a folder that is shared or published.
// A file that does not exist yet will be.
func Private(path string) (bool, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, nil
	}
	// Windows has no such bits; a profile folder there is its user's alone.
	return runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0, nil
}

// keyFor is the key for a file, "" for one that may not hold it.
func keyFor(path string, key func() (string, error)) (string, error) {
	if key == nil {
		return "", nil
	}
	if ok, err := Private(path); err != nil || !ok {
		return "", err
	}
	return key()
}

// KeyState is how a file stands to the bridge's key.
type KeyState struct {
	Path    string
	Ours    bool   // the file has a provider of ours
	Key     string // what it holds, "" for nothing
	Private bool   // see the function
}

// KeyStates are those of the profile and of the base config. Of a file that
// cannot be read nothing is told.
func (h Home) KeyStates() []KeyState {
	var all []KeyState
	for _, path := range []string{h.Profile(), h.Config()} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		doc, err := tomledit.Parse(text)
		if err != nil {
			continue
		}
		host, _ := Address(doc.String(append(slices.Clone(providerPath), "base_url")...))
		private, err := Private(path)
		if err != nil {
			continue
		}
		all = append(all, KeyState{Path: path, Ours: Loopback(host), Key: doc.String(keyPath...), Private: private})
	}
	return all
}
