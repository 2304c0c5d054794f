// Package link is what a user sees and may change: State, Subscribe, and one
// method for each switch. Tray, panel and CLI go through it; it draws nothing.
package link
