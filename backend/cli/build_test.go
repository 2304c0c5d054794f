package cli

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuildOf(t *testing.T) {
	const hash = "0123456789abcdef0123456789abcdef01234567"
	vcs := []debug.BuildSetting{
		{Key: "vcs.revision", Value: hash}, {Key: "vcs.time", Value: "2026-11-25T10:00:00Z"},
		{Key: "vcs.modified", Value: "true"}, {Key: "CGO_ENABLED", Value: "1"},
	}
	tests := []struct {
		name                  string
		release, commit, when string
		info                  debug.BuildInfo
		want                  Build
	}{
		{"a release", "1.2.3", hash, "2026-11-25T10:00:00Z", debug.BuildInfo{},
			Build{Version: "1.2.3", Commit: hash, Time: "2026-11-25T10:00:00Z"}},
		{"go install of a version", "", "", "", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}},
			Build{Version: "v1.2.3"}},
		{"go build in a checkout", "", "", "", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs},
			Build{Version: "devel-0123456789ab", Commit: hash, Time: "2026-11-25T10:00:00Z", Modified: true, Cgo: true}},
		{"nothing known", "", "", "", debug.BuildInfo{}, Build{Version: "devel"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Go, tt.want.OS, tt.want.Arch = runtime.Version(), runtime.GOOS, runtime.GOARCH
			if diff := cmp.Diff(tt.want, buildOf(tt.release, tt.commit, tt.when, &tt.info)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
