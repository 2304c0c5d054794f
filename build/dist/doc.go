// Command dist makes the packages that people install, all from one Linux
// machine: see build/README.md. The same commit gives the same bytes, whatever
// the folder, the clock and the machine's languages are.
//
// It writes below its output folder and .cache/ only. The tools that it runs are
// pinned in build/tools/go.mod.
package main
