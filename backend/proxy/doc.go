// Package proxy is the neighbour upstream: the HTTP client for ClawRouter (or
// any Chat Completions server) and the supervisor of a ClawRouter child. It
// translates nothing and books nothing.
package proxy
