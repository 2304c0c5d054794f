package panel

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

const (
	// linkLife is above what a browser takes to start on a slow machine.
	linkLife = 5 * time.Minute
	// tokenLife is how long a tab may stay open.
	tokenLife = 7 * 24 * time.Hour
	// mostLinks bounds the memory of links that nobody opens.
	mostLinks = 64
)

// Access decides who gets in. Its one-time links live in memory; its tokens are
// signed, so that a tab goes on working after the program was restarted.
type Access struct {
	key []byte
	now func() time.Time

	mu    sync.Mutex // guards the rest
	links []oneTime  // the oldest first
}

// oneTime is a link that was not opened yet. Of its code only the hash is kept:
// the time that a search takes then tells nothing of it.
type oneTime struct {
	code [sha256.Size]byte
	ends time.Time
}

// NewAccess signs tokens with key, which nothing else is signed with. now may be
// nil.
func NewAccess(key []byte, now func() time.Time) *Access {
	if now == nil {
		now = time.Now
	}
	return &Access{key: key, now: now}
}

// encoding is what a URL and a header both take.
var encoding = base64.RawURLEncoding

// Code makes what a one-time link carries.
func (a *Access) Code() string {
	var secret [24]byte
	_, _ = rand.Read(secret[:]) // never fails
	code := encoding.EncodeToString(secret[:])
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.links = slices.DeleteFunc(a.links, func(l oneTime) bool { return !now.Before(l.ends) })
	a.links = append(a.links, oneTime{sha256.Sum256([]byte(code)), now.Add(linkLife)})
	a.links = a.links[max(0, len(a.links)-mostLinks):]
	return code
}

// redeem reports whether code is of a link that was not opened yet, and ends it.
func (a *Access) redeem(code string) bool {
	hash := sha256.Sum256([]byte(code))
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.links, func(l oneTime) bool { return l.code == hash })
	if i < 0 {
		return false
	}
	ends := a.links[i].ends
	a.links = slices.Delete(a.links, i, i+1)
	return a.now().Before(ends)
}

// tokenHead is the end of a token's life in Unix seconds, and random bytes that
// make every token another one.
const tokenHead = 8 + 16

func (a *Access) token() string {
	head := make([]byte, tokenHead)
	binary.BigEndian.PutUint64(head, uint64(a.now().Add(tokenLife).Unix()))
	_, _ = rand.Read(head[8:]) // never fails
	return encoding.EncodeToString(append(head, a.sign(head)...))
}

func (a *Access) sign(head []byte) []byte {
	mac := hmac.New(sha256.New, a.key)
	mac.Write(head)
	return mac.Sum(nil)
}

// admits reports whether token was made with our key and is not too old.
func (a *Access) admits(token string) bool {
	data, err := encoding.DecodeString(token)
	if err != nil || len(data) != tokenHead+sha256.Size {
		return false
	}
	head, mac := data[:tokenHead], data[tokenHead:]
	if subtle.ConstantTimeCompare(mac, a.sign(head)) != 1 {
		return false
	}
	return a.now().Before(time.Unix(int64(binary.BigEndian.Uint64(head)), 0))
}
