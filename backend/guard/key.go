package guard

import (
	"crypto/subtle"
	"encoding/hex"
	"os"
	"strings"
	"sync"

	"github.com/BlockRunAI/clawrouter-codex/backend/atomicfile"
)

// keySize is the key's, in bytes; its text is twice as long.
const keySize = 32

// ParseKey reads the text of a key file; false means that it is none.
func ParseKey(text string) (string, bool) {
	text = strings.TrimSpace(text)
	key, err := hex.DecodeString(text)
	return text, err == nil && len(key) == keySize
}

// KeyFile is the key in force. A key that is replaced in the file is replaced here
// with the next request, and the old one opens nothing any more.
type KeyFile struct {
	path string

	mu   sync.Mutex
	read os.FileInfo // of the file that key is from
	key  string
}

// NewKeyFile returns the key of the file at path, which need not exist yet.
func NewKeyFile(path string) *KeyFile { return &KeyFile{path: path} }

// Matches compares in constant time. Without a readable key nothing matches.
func (f *KeyFile) Matches(key string) bool {
	now := f.current()
	return now != "" && subtle.ConstantTimeCompare([]byte(key), []byte(now)) == 1
}

// current reads the file when it is another one than before: a look at it costs a
// microsecond, which every request can pay.
func (f *KeyFile) current() string {
	info, err := os.Stat(f.path)
	if err != nil {
		return ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.read != nil && os.SameFile(f.read, info) && f.read.ModTime().Equal(info.ModTime()) && f.read.Size() == info.Size() {
		return f.key
	}
	text, err := atomicfile.Read(f.path)
	if err != nil {
		return ""
	}
	// Windows tells which file it is only when it is first compared, and by then the
	// path may lead to another one.
	_ = os.SameFile(info, info)
	f.read, f.key = info, ""
	if key, ok := ParseKey(string(text)); ok {
		f.key = key
	}
	return f.key
}
