// Package attacks is what the loopback guards of the built program are for: requests
// written by hand on a socket, and a second user of the same machine.
package attacks
