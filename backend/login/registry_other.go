//go:build !windows

package login

// systemRegistry is nil where there is none.
func systemRegistry() Registry { return nil }
