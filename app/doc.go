// Package app is the menu-bar program: the tray icon and its menu, the panel
// window and desktop notifications. It draws link.State and calls its methods;
// it never touches Codex's files, the proxy or the wallet itself.
package app
