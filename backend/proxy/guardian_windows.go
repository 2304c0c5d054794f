package proxy

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/BlockRunAI/clawrouter-codex/backend/console"
)

// guardianAttr keeps a guardian out of our console: Ctrl-C there reaches us alone.
func guardianAttr(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	console.None(cmd)
}

// guard puts itself into a job first, so that all it starts is born into the
// job, and the system ends the job with the guardian, however that goes.
func guard(grace time.Duration, path string, argv []string) int {
	job, err := joinNewJob()
	if err != nil {
		fmt.Fprintf(os.Stderr, "clawrouter-codex: guardian has no job object: %v\n", err)
		return exitBadUsage
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	gone := lifeline(os.Stdin)
	cmd := exec.Command(path)
	cmd.Args = argv
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// A group of its own gets Ctrl-Break alone, and its own console stays unseen also
	// where this program has none, as in the notification area.
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	console.None(cmd)
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "clawrouter-codex: cannot start %s: %v\n", path, err)
		return exitCannotStart
	}
	ended := make(chan int, 1)
	go func() { ended <- exitCode(cmd.Wait()) }()
	select {
	case code := <-ended:
		return code // our end closes the job, and the job ends what is left
	case <-gone:
	case <-signals:
	}
	sendBreak(uint32(cmd.Process.Pid))
	select {
	case code := <-ended:
		return code
	case <-time.After(grace):
	}
	_ = windows.TerminateJobObject(job, 1)
	return 1
}

var (
	kernel32      = windows.NewLazySystemDLL("kernel32.dll")
	freeConsole   = kernel32.NewProc("FreeConsole")
	attachConsole = kernel32.NewProc("AttachConsole")
)

// sendBreak asks a process group to end. Ctrl-Break reaches the groups of the
// sender's own console only, so that the guardian takes the group's. A failure is
// none: the grace ends, and the job with it.
func sendBreak(group uint32) {
	_, _, _ = freeConsole.Call()
	_, _, _ = attachConsole.Call(uintptr(group))
	_ = windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, group)
}

func joinNewJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, fmt.Errorf("create job object: %w", err)
	}
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		return 0, fmt.Errorf("limit job object: %w", err)
	}
	if err := windows.AssignProcessToJobObject(job, windows.CurrentProcess()); err != nil {
		return 0, fmt.Errorf("join job object: %w", err)
	}
	return job, nil
}

func exitCode(err error) int {
	var ee *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ee):
		return ee.ExitCode()
	default:
		return 1
	}
}
