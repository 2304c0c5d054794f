// Package machine starts and stops the processes that are measured, and reads
// from the operating system what they cost. Linux gives all figures; elsewhere
// ps gives CPU and resident memory, and the rest is ErrUnmeasured.
package machine
