package children

import "syscall"

// dieWithParent has the kernel kill the child when the parent is gone, even one that is stopped or hangs.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
