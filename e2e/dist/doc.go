// Package dist tries the packages as people do: it makes them twice, in two
// folders, and then installs, runs and removes them. The tests need the build
// tag e2e, and Debian's dpkg for its packages.
//
// DIST_ALL makes those of all systems, the second time with empty caches: that
// takes some minutes.
package dist
