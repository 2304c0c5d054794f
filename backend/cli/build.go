package cli

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

// Set by the linker for a release, see build/dist: packages are built from a
// copy of the tree, which has no version control for the toolchain to look at.
var (
	commit     string // full hash
	commitTime string // RFC 3339, UTC
)

// Build says which sources made the executable, and for what.
type Build struct {
	Version  string `json:"version"`          // the release's, the module's for `go install`, else "devel-" and the commit's
	Commit   string `json:"commit,omitempty"` // full hash, where it is known
	Time     string `json:"commit_time,omitempty"`
	Modified bool   `json:"modified,omitempty"` // files differed from the commit
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Cgo      bool   `json:"cgo"`
}

// ThisBuild describes the running executable. release is the version that the
// linker was given, "" for none.
func ThisBuild(release string) Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(release, commit, commitTime, info)
}

func buildOf(release, commit, commitTime string, info *debug.BuildInfo) Build {
	b := Build{Commit: commit, Time: commitTime, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = cmp.Or(b.Commit, s.Value)
		case "vcs.time":
			b.Time = cmp.Or(b.Time, s.Value)
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "CGO_ENABLED":
			b.Cgo = s.Value == "1"
		}
	}
	b.Version = release
	if module := info.Main.Version; b.Version == "" && module != "(devel)" {
		b.Version = module
	}
	if b.Version == "" {
		b.Version = "devel"
		if len(b.Commit) >= shortHash {
			b.Version += "-" + b.Commit[:shortHash]
		}
	}
	return b
}

// shortHash is how much of a commit's hash people are shown; Go's
// pseudo-versions have as much.
const shortHash = 12
