//go:build !linux

package children

import "syscall"

// dieWithParent does nothing: here the end of standard input must do, see Parent.
func dieWithParent(*syscall.SysProcAttr) {}
