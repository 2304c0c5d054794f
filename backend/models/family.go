package models

import "strings"

// familyNames are the makers as they write themselves.
var familyNames = map[string]string{
	"anthropic": "Anthropic", "blockrun": "ClawRouter chooses", "deepseek": "DeepSeek", "free": "Free",
	"google": "Google", "minimax": "MiniMax", "moonshot": "Moonshot", "nvidia": "NVIDIA", "openai": "OpenAI",
	"qwen": "Qwen", "tencent": "Tencent", "xai": "xAI", "xiaomi": "Xiaomi", "zai": "Z.ai",
}

// FamilyName is a family for people. One that came after this version is shown by
// its id, with a capital.
func FamilyName(family string) string {
	if name := familyNames[family]; name != "" {
		return name
	}
	if family == "" {
		return ""
	}
	return strings.ToUpper(family[:1]) + family[1:]
}
