package icons

import "embed"

const format = "ico"

//go:embed tray/*.ico app.png small.png
var files embed.FS
