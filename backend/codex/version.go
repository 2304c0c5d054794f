package codex

import "fmt"

// firstProfiles is the minor release of Codex 0 from which --profile names a file.
// Until 0.133, measured, it names a table of config.toml, and where there is none
// Codex ends with an error.
const firstProfiles = 134

// ReadsProfiles reports whether a Codex of this version reads profile files. One
// whose version is not understood passes: it is newer than all that we know.
func ReadsProfiles(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return true
	}
	return major > 0 || minor >= firstProfiles
}
