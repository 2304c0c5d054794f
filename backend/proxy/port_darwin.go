package proxy

import (
	"context"
	"os/exec"
	"os/user"
	"strconv"
	"time"
)

// findPortOwner asks lsof, which every macOS has. Without privileges it shows
// the user's own processes only, so what it does not show is somebody else's.
func findPortOwner(ctx context.Context, port int) (portOwner, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/usr/sbin/lsof", "-nP", "-iTCP:"+strconv.Itoa(port), "-sTCP:LISTEN", "-F", "pcLn").Output()
	if ctx.Err() != nil {
		return portOwner{}, ctx.Err()
	}
	o, ok := parseLsof(string(out))
	if !ok || err != nil && len(out) == 0 {
		return portOwner{}, errOwnerHidden
	}
	if me, err := user.Current(); err == nil {
		o.Ours = o.User == me.Username
	}
	return o, nil
}
