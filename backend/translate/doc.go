// Package translate turns a Responses request into a Chat Completions request,
// and a Chat answer, streamed or buffered, into Responses events. It is pure: it
// opens nothing, waits for nothing and logs nothing; what its caller should know
// of it returns as values.
package translate
