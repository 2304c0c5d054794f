package proxy

import "os"

// terminate cannot be delivered to another console; sending it fails, and the
// process is then ended.
var terminate = os.Interrupt
