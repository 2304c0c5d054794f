// Package soak loads the built program with 64 sessions while everything around it
// breaks, and compares books at the end.
//
// What breaks, all of it beside the sessions' turns:
//
//   - Every ten seconds the stand-in for ClawRouter is killed. By the supervisor's
//     rules a program that dies that often is started again after longer and longer
//     breaks, up to a minute, since two minutes of health are what ends them; turns
//     would then meet no ClawRouter at all most of the time, and little would be
//     tried. So what is not back after two seconds is asked for, as a person or a
//     watchdog does who sees it down: `clawrouter-codex start` has the running link
//     start it again, and the breaks begin anew. The next kill waits until each session
//     had an answer on average, which takes longer than ten seconds on a machine
//     with other work only.
//   - The clock of the program and of its commands jumps, a day and an hour ahead, back,
//     as far behind, and back. The program is built for that with a time package whose
//     Now adds what stands in a file; nothing in its own code is changed, and neither is
//     the machine's clock. Its monotonic clock and its timers go on, as they do when a
//     clock is set; the times of files stay true.
//   - The state folder's file system, of 64 MB, fills for three seconds (as root, who
//     can mount one).
//   - The program is stopped for three seconds, as by a sleep.
//   - Settings and configs are edited, by commands and by hand.
//   - The stand-in itself answers some turns late, broken, with errors or with junk.
//
// A session whose turn found no ClawRouter asks again when there is one, as a person
// does who has read why.
//
// The stand-in writes books of its own: each request when it is read, each payment,
// and each answer before it is sent. It writes them in one piece and before what they
// tell of, so that a kill loses nothing of them; the system keeps what a killed
// process wrote. Every turn has a thread of its own, which both sides know: the
// ledger's entries and the stand-in's requests are compared by it, without a tolerance.
// A request that went into a connection on which nobody read it any more, because the
// stand-in was killed, cannot be told from one that was paid: the ledger books it. Each
// such entry must be of a connection that broke, and under way when the stand-in was
// killed, or was ended by the supervisor, which takes it for hung where the machine has
// no time for it.
package soak
