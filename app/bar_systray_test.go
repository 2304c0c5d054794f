//go:build !darwin || cgo

package app

import "testing"

func TestLettersThatMeanAKey(t *testing.T) {
	for goos, want := range map[string]string{"linux": "a__b & c", "windows": "a_b && c", "darwin": "a_b & c"} {
		if got := escape(goos, "a_b & c"); got != want {
			t.Errorf("%s: %q", goos, got)
		}
	}
}
