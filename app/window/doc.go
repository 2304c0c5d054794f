// Package window is the panel's window: a web view that shows the page which the
// app serves. It is a process of its own and holds nothing but its size and
// place; only the desktop build has it.
package window
