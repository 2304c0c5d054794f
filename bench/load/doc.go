// Package load sends requests over kept-alive HTTP/1.1 connections and times
// their answers. It is written on bare connections, because a client that costs
// as much as what it measures hides half of the difference.
package load
