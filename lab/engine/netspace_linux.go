package engine

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// netspace is a network of its own with nothing in it but a loopback. Two
// Engines in one network fight about its firewall.
type netspace struct {
	work chan func()
}

// newNetspace makes one. A thread holds it until close.
func newNetspace() (*netspace, error) {
	n, ready := &netspace{work: make(chan func())}, make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and the network
		// goes when nothing is left in it.
		runtime.LockOSThread()
		err := enter()
		ready <- err
		if err != nil {
			return
		}
		for f := range n.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("make a network for a private Engine: %w", err)
	}
	return n, nil
}

func enter() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

// do runs f on the thread inside. Processes that f starts are inside too.
func (n *netspace) do(f func() error) error {
	result := make(chan error)
	n.work <- func() { result <- f() }
	return <-result
}

func (n *netspace) close() { close(n.work) }
