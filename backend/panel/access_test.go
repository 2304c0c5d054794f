package panel

import (
	"testing"
	"time"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

var signing = []byte("0123456789abcdef0123456789abcdef")

func TestALinkOpensOnce(t *testing.T) {
	c := newClock()
	a := NewAccess(signing, c.now)
	first, second := a.Code(), a.Code()
	if first == second {
		t.Fatal("two links are the same")
	}
	if !a.redeem(first) || a.redeem(first) {
		t.Error("a link opens once, and not twice")
	}
	c.at = c.at.Add(linkLife)
	if a.redeem(second) {
		t.Error("a link opens after its end")
	}
	if a.redeem("") || a.redeem("guess") {
		t.Error("a guess opens")
	}
}

func TestLinksThatNobodyOpensAreForgotten(t *testing.T) {
	a := NewAccess(signing, newClock().now)
	first, last := a.Code(), ""
	for range mostLinks {
		last = a.Code()
	}
	if len(a.links) != mostLinks || a.redeem(first) || !a.redeem(last) {
		t.Errorf("%d links are kept, want the latest %d", len(a.links), mostLinks)
	}
}

func TestTokens(t *testing.T) {
	c := newClock()
	a := NewAccess(signing, c.now)
	token := a.token()
	if token == a.token() {
		t.Error("two tabs have the same token")
	}
	if !a.admits(token) || !NewAccess(signing, c.now).admits(token) {
		t.Error("a token is not admitted, or not after a restart")
	}
	if NewAccess([]byte("another key, which was rotated in"), c.now).admits(token) {
		t.Error("a token of another key is admitted")
	}
	bytes, err := encoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range bytes {
		bytes[i] ^= 1
		if a.admits(encoding.EncodeToString(bytes)) {
			t.Fatalf("a token with byte %d changed is admitted", i)
		}
		bytes[i] ^= 1
	}
	for _, junk := range []string{"", "x", token + "A", token[:len(token)-2], "Bearer " + token} {
		if a.admits(junk) {
			t.Errorf("%q is admitted", junk)
		}
	}
	c.at = c.at.Add(tokenLife)
	if a.admits(token) {
		t.Error("a token is admitted after its end")
	}
}
