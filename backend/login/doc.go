// Package login switches launch at login on and off: a LaunchAgent on macOS,
// XDG autostart or a systemd user unit on Linux, the Run key on Windows. It
// never starts the program itself and never writes a secret.
package login
