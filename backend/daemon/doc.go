// Package daemon puts the parts of the link together and listens. The app and
// the start command both run it; nothing else opens a port but the stand-in.
package daemon
