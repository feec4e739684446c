package capture

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// bootName is the attribute of a directory that tells since which start of the
// machine it is filled.
const bootName = "user.sentryctl.boot"

// distrust empties a directory that was begun to be filled before the machine
// last started: a loss of power can leave files of the right size and time
// whose content never came to the disk.
func distrust(dir string) error {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return fmt.Errorf("ask when the machine started: %w", err)
	}
	boot := strings.TrimSpace(string(text))
	if same, err := attributeIs(dir, bootName, boot); err != nil || same {
		return err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look what a run before has written: %w", err)
	}
	for _, e := range list {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("remove what a run before has written: %w", err)
		}
	}
	if err := unix.Setxattr(dir, bootName, []byte(boot), 0); err != nil {
		return fmt.Errorf("mark %s as begun: %w", dir, err)
	}
	return nil
}
