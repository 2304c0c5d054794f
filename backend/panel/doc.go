// Package panel serves the page at /dashboard and its JSON API. It shows
// link.State and calls link's methods; it never touches files or the proxy.
package panel
