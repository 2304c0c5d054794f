package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVersionText(t *testing.T) {
	build := Build{Version: "1.2.3", Go: "go1.26.8", OS: "linux", Arch: "amd64"}
	tests := []struct {
		name string
		v    versions
		want string
	}{
		{"alone on the machine",
			versions{Build: build, Codex: found{Problem: "not found on PATH"}, ClawRouter: found{Place: "http://127.0.0.1:8404", Problem: "does not run"}},
			`clawrouter-codex 1.2.3
  build       linux/amd64, go1.26.8, without cgo
  Codex       not found on PATH
  ClawRouter  does not run (http://127.0.0.1:8404)
`},
		{"all there, built from a checkout",
			versions{
				Build: Build{Version: "devel-0123456789ab", Commit: "0123456789abcdef", Time: "2026-11-25T10:00:00Z", Modified: true,
					Go: "go1.26.8", OS: "darwin", Arch: "arm64", Cgo: true},
				Codex:      found{Version: "0.169.0", Place: "/usr/bin/codex"},
				ClawRouter: found{Version: "0.12.268", Place: "http://127.0.0.1:8404"},
			},
			`clawrouter-codex devel-0123456789ab
  commit      0123456789ab of 2026-11-25, with changes
  build       darwin/arm64, go1.26.8, with cgo
  Codex       0.169.0 (/usr/bin/codex)
  ClawRouter  0.12.268 (http://127.0.0.1:8404)
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.v.text()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
