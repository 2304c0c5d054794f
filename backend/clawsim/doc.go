// Package clawsim stands in for ClawRouter: it answers as the real proxy does
// and spoils what the real one spoils, for demos, tests and bug reports. The
// program itself never imports it except to run it as a server of its own. It
// signs nothing, pays nothing and opens no connection of its own but the one
// that asks who holds its port.
//
// What the model behind it does is said in the prompt. Markers count only in the
// last user message; in the later requests of a tool loop that is still the
// prompt. Without any, the stand-in is a small agent: it runs one command (that
// of a line "run: CMD", else pwd) and reports what it printed; without a shell
// tool it repeats the prompt.
//
//	[[text]] [[text WORDS]]      an answer in text
//	[[reason]]                   reasoning before the answer; goes with others
//	[[long N]]                   N lines of text
//	[[length]]                   finish_reason length
//	[[nousage]] [[empty]] [[think]]
//	[[slow N]]                   N seconds of silence first
//	[[pace N]]                   N seconds between two chunks (SpoilBurst off)
//	[[tool]] [[tool2]]           one call of the shell, two at once
//	[[run CMD]] [[fail]]         a command, one that exits with 3
//	[[loop N]]                   N rounds of one call each
//	[[patch FILE]]               apply_patch adds the file
//	[[tooltext]] [[xmltool]]     text beside a call, a call written as XML
//	[[badargs]] [[unknowntool NAME]] [[sameids]] [[search QUERY]]
//	[[400]] … [[599]]            that status; [[429 retry=3]] with Retry-After
//	[[402funds]] [[context]]     settlement fails, context too long
//	[[drop]] [[hang]] [[badjson]] [[degraded]] [[error200]]
//	[[cut]] [[garbage]] [[half]] [[silent]]   the proxy's own line breaks
//	[[say {TURN}]]               a Turn as JSON
//	[[calls [{"name":…,"arguments":{…}}, …] then "text"]]
//	[[steps [{TURN}, …]]]        several turns, one after the other
//	[[script NAME]]              a Script of the options or of a file
//
// times=N in any of them makes it count for the first N calls of that prompt only.
package clawsim
