// Package console is about the terminal that a program has on Windows: a program
// without one, such as the one of the notification area, would open a window for
// each program of the command line that it starts. It starts nothing itself.
package console
