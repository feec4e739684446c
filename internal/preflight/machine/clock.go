package machine

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Synced asks the kernel whether a time service keeps its clock.
func (m Machine) Synced() (bool, error) {
	var tx unix.Timex
	if _, err := unix.Adjtimex(&tx); err != nil {
		return false, fmt.Errorf("adjtimex: %w", err)
	}
	return tx.Status&unix.STA_UNSYNC == 0, nil
}
