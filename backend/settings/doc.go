// Package settings finds the program's settings, environment and paths, and
// decides which of them wins. It stores no secret.
package settings
