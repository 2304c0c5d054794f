// Package panel serves the page at /dashboard and its JSON API. It shows
// link.State and calls link's methods; it never touches files or the proxy.
//
// Nobody sees a figure without a token. The page brings one where it was opened
// by a one-time link, or typed by a browser that is provably the same user's; it
// keeps it in the tab and sends it in a header. A cookie would go to every other
// server on localhost as well.
//
// openapi.json describes the API, and a test holds it to the handlers.
package panel
