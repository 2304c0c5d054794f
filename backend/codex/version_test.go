package codex

import "testing"

func TestReadsProfiles(t *testing.T) {
	for version, want := range map[string]bool{
		"0.124.0": false, "0.133.0": false, "0.134.0": true, "0.169.0": true, "1.0.0": true, "0.134.0-alpha.3": true, "next": true, "": true,
	} {
		if got := ReadsProfiles(version); got != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}
