package translate

import "math/bits"

// leakMark is a tag or token that opens, wraps or follows a call, or opens a
// thought. No mark is the beginning of another.
type leakMark struct {
	text string
	kind markKind
	// special marks are single tokens of a chat template, which no model writes
	// when it writes text; the others are plain text that it may well quote.
	special bool
	form    *xmlForm
}

type markKind uint8

const (
	markWrap     markKind = iota // JSON calls up to its closing tag, or further marks
	markToolCall                 // the same, or GLM's form
	markXML                      // a call in form
	markKimi
	markDeepSeek
	markMistral
	markOpenJSON // JSON calls without a closing tag
	markEnd      // follows a call
	markRole     // stands before or after a call
	markThink
	markThought // the closing tag of a thought that the template opened
)

// leakMarks are the marks of the chat templates of, in this order: Hermes, Qwen,
// GLM, MiniMax, Seed, Hunyuan, Anthropic's older models; Qwen-coder; Kimi;
// DeepSeek V3 to V3.2; Mistral; Llama, Granite, Phi; and the tokens that end a
// message or begin the assistant's.
var leakMarks = [...]leakMark{
	{text: "<tool_call>", kind: markToolCall},
	{text: "<tool_calls>", kind: markWrap},
	{text: "<tools>", kind: markWrap},
	{text: "<function_call>", kind: markWrap},
	{text: "<function_calls>", kind: markWrap},
	{text: "<" + anthropicNS + "function_calls>", kind: markWrap},
	{text: "<minimax:tool_call>", kind: markWrap},
	{text: "<seed:tool_call>", kind: markWrap},
	{text: functionForm.open, kind: markXML, form: &functionForm},
	{text: invokeForm.open, kind: markXML, form: &invokeForm},
	{text: invokeNSForm.open, kind: markXML, form: &invokeNSForm},
	{text: "<|tool_calls_section_begin|>", kind: markWrap, special: true},
	{text: "<|tool_call_begin|>", kind: markKimi, special: true},
	{text: "<｜tool▁calls▁begin｜>", kind: markWrap, special: true},
	{text: "<｜tool▁call▁begin｜>", kind: markDeepSeek, special: true},
	{text: "<｜DSML｜function_calls>", kind: markWrap, special: true},
	{text: "<｜DSML｜tool_calls>", kind: markWrap, special: true},
	{text: invokeDSMLForm.open, kind: markXML, special: true, form: &invokeDSMLForm},
	{text: "[TOOL_CALLS]", kind: markMistral, special: true},
	{text: "<|python_tag|>", kind: markOpenJSON, special: true},
	{text: "<|tool_call|>", kind: markOpenJSON, special: true},
	{text: "</tool_call>", kind: markEnd},
	{text: "</tool_calls>", kind: markEnd},
	{text: "</tools>", kind: markEnd},
	{text: "</function_call>", kind: markEnd},
	{text: "</function_calls>", kind: markEnd},
	{text: "</" + anthropicNS + "function_calls>", kind: markEnd},
	{text: "</minimax:tool_call>", kind: markEnd},
	{text: "</seed:tool_call>", kind: markEnd},
	{text: "<|tool_call_end|>", kind: markEnd, special: true},
	{text: "<|tool_calls_section_end|>", kind: markEnd, special: true},
	{text: "<｜tool▁call▁end｜>", kind: markEnd, special: true},
	{text: "<｜tool▁calls▁end｜>", kind: markEnd, special: true},
	{text: "</｜DSML｜function_calls>", kind: markEnd, special: true},
	{text: "</｜DSML｜tool_calls>", kind: markEnd, special: true},
	{text: "[/TOOL_CALLS]", kind: markEnd, special: true},
	{text: "<|/tool_call|>", kind: markEnd, special: true},
	{text: "</s>", kind: markEnd, special: true},
	{text: "<|im_end|>", kind: markRole, special: true},
	{text: "<|im_start|>assistant", kind: markRole, special: true},
	{text: "<|eot_id|>", kind: markRole, special: true},
	{text: "<|eom_id|>", kind: markRole, special: true},
	{text: "<|end|>", kind: markRole, special: true},
	{text: "<|endoftext|>", kind: markRole, special: true},
	{text: "<|assistant|>", kind: markRole, special: true},
	{text: "<|start_header_id|>assistant<|end_header_id|>", kind: markRole, special: true},
	{text: "<｜end▁of▁sentence｜>", kind: markRole, special: true},
	{text: "<think>", kind: markThink},
	{text: "<thinking>", kind: markThink},
	{text: "<thought>", kind: markThink},
	{text: "<seed:think>", kind: markThink},
	{text: "[THINK]", kind: markThink, special: true},
	{text: "</think>", kind: markThought},
	{text: "</thinking>", kind: markThought},
	{text: "</thought>", kind: markThought},
	{text: "</seed:think>", kind: markThought},
	{text: "[/THINK]", kind: markThought, special: true},
}

// anthropicNS is the name space that newer Claude models write before a tag.
const anthropicNS = "antml" + ":"

// closing returns the tag that closes what a mark opened.
func (k *leakMark) closing() string { return k.text[:1] + "/" + k.text[1:] }

// markSet is a set of leakMarks, by position.
type markSet uint64

// allowed tells what may begin where a candidate begins.
type allowed uint8

const (
	allowPlain   allowed = 1 << iota // calls in plain tags
	allowSpecial                     // calls in special tokens
	allowJSON                        // calls without a tag
	allowEnd                         // what follows a call
	allowThink
)

// marks returns the marks that a permits.
func (a allowed) marks() (set markSet) { return marksAllowed[a&^allowJSON] }

// marksAllowed are the sets by what is allowed.
var marksAllowed = func() (sets [2 * allowThink]markSet) {
	for i, k := range leakMarks {
		need := allowPlain
		switch {
		case k.kind == markThink || k.kind == markThought:
			need = allowThink
		case k.kind == markEnd:
			need = allowEnd
		case k.kind == markRole:
			need = allowSpecial | allowEnd
		case k.special:
			need = allowSpecial
		}
		for a := range sets {
			if allowed(a)&need != 0 {
				sets[a] |= 1 << i
			}
		}
	}
	return sets
}()

// narrow keeps the marks of a set whose byte at n is c; whole is the one that
// ends there.
func (set markSet) narrow(n int, c byte) (rest markSet, whole *leakMark) {
	for live := set; live != 0; live &= live - 1 {
		i := bits.TrailingZeros64(uint64(live))
		k := &leakMarks[i]
		if k.text[n] != c {
			continue
		}
		if len(k.text) == n+1 {
			return 0, k
		}
		rest |= 1 << i
	}
	return rest, nil
}
