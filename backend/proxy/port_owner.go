package proxy

import "context"

// PortOwner names who listens on 127.0.0.1:port, for a message: "nginx (pid 812,
// user www-data)". It is empty when nobody does or the system does not tell.
func PortOwner(ctx context.Context, port int) string {
	owner, err := findPortOwner(ctx, port)
	if err != nil || owner == (portOwner{}) {
		return ""
	}
	return owner.String()
}
