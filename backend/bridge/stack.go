package bridge

import "runtime/debug"

// stack is the stack of a panic. Arguments in it are numbers and addresses; a
// text of a turn is never part of it.
func stack() string { return string(debug.Stack()) }
