// Package priority owns how this process stands in line for the CPUs and the
// disks, in the words of nice and ionice.
package priority

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Priority is a place in line. The zero value is the normal one.
type Priority struct {
	Nice int   `json:"nice"` // 0 to 19; less than 0 is more than normal
	IO   Class `json:"io"`
}

// Class is the kernel's class for the disks.
type Class int

// The classes, by the kernel's numbers.
const (
	None       Class = 0 // follows Nice
	RealTime   Class = 1
	BestEffort Class = 2
	Idle       Class = 3
)

const (
	whoProcess = 1 // IOPRIO_WHO_PROCESS
	classShift = 13
	lowest     = 7 // within a class
)

// Mine is that of this process.
func Mine() (Priority, error) {
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, os.Getpid())
	if err != nil {
		return Priority{}, fmt.Errorf("ask for the own priority: %w", err)
	}
	io, _, failed := unix.Syscall(unix.SYS_IOPRIO_GET, whoProcess, uintptr(os.Getpid()), 0)
	if failed != 0 {
		return Priority{}, fmt.Errorf("ask for the own IO priority: %w", failed)
	}
	return Priority{Nice: 20 - raw, IO: Class(io >> classShift)}, nil // as the kernel counts
}

// Low tells that it is less than normal.
func (p Priority) Low() bool { return p.Nice > 0 || p.IO == BestEffort || p.IO == Idle }

// Take gives it to this process, every thread of it. To get more than one has
// takes CAP_SYS_NICE.
func (p Priority) Take() error {
	done := map[string]bool{}
	for fresh := true; fresh; { // a thread may be begun by one that was not reached yet
		fresh = false
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("list the own threads: %w", err)
		}
		for _, t := range threads {
			if done[t.Name()] {
				continue
			}
			done[t.Name()], fresh = true, true
			if err := p.give(t.Name()); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("take priority %d: %w", p.Nice, err)
			}
		}
	}
	return nil
}

func (p Priority) give(thread string) error {
	id, err := strconv.Atoi(thread)
	if err != nil {
		return err
	}
	io := uintptr(p.IO) << classShift
	if p.IO == BestEffort {
		io |= lowest
	}
	if err := unix.Setpriority(unix.PRIO_PROCESS, id, p.Nice); err != nil {
		return err
	}
	if _, _, failed := unix.Syscall(unix.SYS_IOPRIO_SET, whoProcess, uintptr(id), io); failed != 0 {
		return failed
	}
	return nil
}

// The weights that the Engine gives a container that asks for none.
const (
	usualShares = 1024
	usualDisk   = 500
)

// Shares says the same in CPU shares, which count between containers where
// Nice counts within one: each step is a fifth less, as in the kernel.
func (p Priority) Shares() int64 {
	return max(2, int64(math.Round(usualShares/math.Pow(1.25, float64(max(p.Nice, 0))))))
}

// DiskWeight says the same in the Engine's weight for the disks.
func (p Priority) DiskWeight() uint16 {
	switch p.IO {
	case Idle:
		return 10
	case BestEffort:
		return 100
	}
	return usualDisk
}
