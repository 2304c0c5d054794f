// Package doctor holds the checks that tell a user what is wrong with the link
// and which command mends it. A check reads and never writes; what may be mended
// without asking is a Fix, which only Mend carries out, and only through the
// functions that edit Codex's files with a copy kept.
//
// The checks need nobody: with everything down each says what it can see.
package doctor
