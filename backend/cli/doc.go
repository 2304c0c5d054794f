// Package cli holds the headless commands. A command parses its flags, calls
// one method elsewhere and prints; it keeps no logic of its own.
package cli
