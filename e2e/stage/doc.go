// Package stage sets the program up for the tests that judge it from outside:
// built once, with a state folder, a CODEX_HOME and ports of its own, and
// ended with the test. It knows the program by its command line and its HTTP
// answers only, and imports none of the backend.
package stage
