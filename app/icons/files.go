//go:build !windows

package icons

import "embed"

const format = "png"

//go:embed tray/*.png app.png small.png
var files embed.FS
