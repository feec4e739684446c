package repository

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// futimens sets the times of an open file, to the nanosecond. The library has
// no call for it that older kernels know.
func futimens(f *os.File, times []unix.Timespec) error {
	_, _, failed := unix.Syscall6(unix.SYS_UTIMENSAT, f.Fd(), 0, uintptr(unsafe.Pointer(&times[0])), 0, 0, 0)
	if failed != 0 {
		return &os.PathError{Op: "futimens", Path: f.Name(), Err: failed}
	}
	return nil
}
