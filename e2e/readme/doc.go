// Package readme holds the README to what it says: every command in it is
// tried, and `make run` is run in a copy of the tree as a new user would. The
// tests need the build tag e2e and the npm clients.
package readme
