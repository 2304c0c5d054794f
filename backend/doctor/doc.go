// Package doctor holds the checks that tell a user what is wrong with the link
// and which command mends it. A check reads; only --fix writes, through link.
package doctor
