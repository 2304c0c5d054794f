// Package clawsim stands in for ClawRouter: it answers as the real proxy does
// and spoils what the real one spoils, for demos, tests and bug reports. The
// program itself never imports it except to run it as a server of its own.
package clawsim
