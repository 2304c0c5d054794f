package codex

// ReadsProfiles reports whether a Codex of this version reads profile files: an
// older one takes --profile for a table in config.toml.
func ReadsProfiles(version string) bool { return !tooOld(version) }
