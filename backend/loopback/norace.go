//go:build !race && (darwin || linux)

package loopback

func beforeWrite() {}
