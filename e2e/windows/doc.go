// Package windows runs the program for Windows under Wine, as a user would: setup,
// turns, switches, launch at login, its end in order and without. Wine is no Windows;
// build/README.md says what it does otherwise, and what is left to be tried.
package windows
