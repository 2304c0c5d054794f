// Package login switches launch at login on and off: a LaunchAgent on macOS, an
// XDG autostart entry or a systemd user unit on Linux, the Run key on Windows. It
// never starts or stops the program itself, and never writes a secret: what a
// start without the shell needs is in settings.toml.
package login
