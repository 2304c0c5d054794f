// Package link is what a user sees and may change: State, Subscribe, and one
// method for each switch. Tray, panel and CLI go through it; it draws nothing.
//
// Local works in the process that holds the lock of the state folder, or on the
// files of a link that does not run; Remote asks that process over its loopback
// API, which Handler answers. Nobody else writes settings.
package link
