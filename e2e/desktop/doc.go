// Package desktop tests the menu-bar app on a real session bus and a real display:
// the menu is read and clicked over D-Bus as a panel does it, the window is shown
// by a web view on a virtual screen, and what a person would see is looked at.
package desktop
