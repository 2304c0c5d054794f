package socket

import (
	"context"
	"net/netip"
	"os/exec"
	"os/user"
	"strconv"
	"time"
)

// oneLsof keeps strangers who connect again and again from making this user's
// machine start a process for each of them.
var oneLsof = make(chan struct{}, 1)

// lsof asks the program that every macOS has. Without privileges it shows the
// user's own processes only, so what it does not show is somebody else's.
func lsof(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	select {
	case oneLsof <- struct{}{}:
		defer func() { <-oneLsof }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	out, err := exec.CommandContext(ctx, "/usr/sbin/lsof", append([]string{"-nP", "-F", "pcLn"}, args...)...).Output()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && len(out) == 0:
		return "", ErrHidden
	}
	return string(out), nil
}

func findListener(ctx context.Context, addr netip.AddrPort) (Owner, error) {
	out, err := lsof(ctx, "-iTCP:"+strconv.Itoa(int(addr.Port())), "-sTCP:LISTEN")
	if err != nil {
		return Owner{}, err
	}
	o, ok := lsofListener(out, addr.Addr())
	if !ok {
		return Owner{}, ErrHidden
	}
	o.Ours = isOurs(o)
	return o, nil
}

func servedByUs(ctx context.Context, addr netip.AddrPort) (bool, error) {
	o, err := findListener(ctx, addr)
	return o.Ours, err
}

func peer(ctx context.Context, local, remote netip.AddrPort) (bool, error) {
	out, err := lsof(ctx, "-iTCP:"+strconv.Itoa(int(remote.Port())))
	if err != nil {
		return false, err
	}
	o, ok := lsofPeer(out, local, remote)
	if !ok {
		return false, ErrHidden
	}
	return isOurs(o), nil
}

func isOurs(o Owner) bool {
	me, err := user.Current()
	return err == nil && o.User == me.Username
}
