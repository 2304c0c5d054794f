package console

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// None gives the program a console that nobody sees, whether ours is seen or not.
// Ctrl-C in ours does not reach it.
func None(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.HideWindow = true
	cmd.SysProcAttr.CreationFlags |= windows.CREATE_NO_WINDOW
}

// Colours reports whether the terminal of f understands escape sequences, and makes
// it: the console of Windows 10 prints them as they are until it is told.
func Colours(f *os.File) bool {
	h := windows.Handle(f.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(h, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
