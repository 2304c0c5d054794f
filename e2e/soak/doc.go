// Package soak loads the built program with many sessions while everything around
// it breaks, and compares books at the end.
package soak
