// Package guard stands before everything that the bridge serves: small net/http
// middlewares, each named after the attack that it stops. It knows nothing of
// what lies behind it, answers only to refuse, and reads no body.
//
// A loopback port is within reach of three kinds of strangers: a web page in the
// user's browser, another user of the machine, and a program of the user's own
// that was talked into a request. The first is told from a client by what only a
// browser sends (Origin, Referer, Sec-Fetch-Site) and by the name that it came by
// (Host); the second by a key, or by whose the socket at the other end is.
package guard
