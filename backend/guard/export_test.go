package guard

// The parsers, for their fuzz targets.
var (
	OwnHost    = ownHost
	SameOrigin = sameOrigin
	IsJSON     = isJSON
)
