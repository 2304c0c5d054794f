// Package socket tells whose a TCP socket of this machine is: that of a server on
// a loopback port, and that of a client at the other end of a connection. It opens
// no connection and sends nothing.
package socket
