// Package machine reads the machine on which this process runs: processors,
// memory, disks, clock, ports, names and ways out. On the host it gives
// preflight its facts; in a helper container it sees what the Engine has. It
// changes nothing, but for a small file that it syncs and removes, and it
// judges nothing.
package machine

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

// Machine reads below Root, which is "/" but in tests.
type Machine struct {
	Root string
}

// Here is the machine of this process.
func Here() Machine { return Machine{Root: "/"} }

func (m Machine) path(name string) string { return filepath.Join(m.Root, name) }

func (m Machine) read(name string) ([]byte, error) { return os.ReadFile(m.path(name)) }

// word returns the content of a small file without white space, "" when the
// file cannot be read.
func (m Machine) word(name string) string {
	data, err := m.read(name)
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(data))
}

// Host returns what the operating system says of itself.
func (m Machine) Host() preflight.Host {
	return preflight.Host{
		OS:        preflight.Learn(m.OS()),
		Umask:     preflight.Learn(m.Umask()),
		SELinux:   m.selinux(),
		AppArmor:  m.word("sys/module/apparmor/parameters/enabled") == "Y",
		Root:      os.Geteuid() == 0,
		Init:      m.initSystem(),
		Dockerd:   m.has("dockerd"),
		RootDisk:  preflight.Learn(m.Disk("/")),
		SwapFiles: m.swapFiles(),
	}
}

// OS reads os-release.
func (m Machine) OS() (preflight.OS, error) {
	data, err := m.read("etc/os-release")
	if err != nil {
		return preflight.OS{}, fmt.Errorf("this system does not say what it is: %w", err)
	}
	return parseOSRelease(data), nil
}

// parseOSRelease reads the shell-like assignments of os-release(5).
func parseOSRelease(data []byte) preflight.OS {
	values := map[string]string{}
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		values[key] = strings.Trim(value, `"'`)
	}
	return preflight.OS{
		ID: values["ID"], Like: strings.Fields(values["ID_LIKE"]), Name: values["NAME"], Version: values["VERSION_ID"],
	}
}

// Umask reads the mask from procfs: the system call can only read it by
// changing it, for all threads.
func (m Machine) Umask() (uint32, error) {
	data, err := m.read("proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "Umask:"); ok {
			mask, err := strconv.ParseUint(strings.TrimSpace(value), 8, 32)
			return uint32(mask), err
		}
	}
	return 0, fmt.Errorf("this kernel does not tell the umask")
}

func (m Machine) selinux() string {
	switch m.word("sys/fs/selinux/enforce") {
	case "1":
		return "enforcing"
	case "0":
		return "permissive"
	}
	return ""
}

// initSystem tells how services are started here: as sd_booted(3) does, else
// through the service command that Debian keeps for sysvinit.
func (m Machine) initSystem() string {
	if _, err := os.Stat(m.path("run/systemd/system")); err == nil {
		return "systemd"
	}
	if m.has("service") {
		return "sysv"
	}
	return ""
}

// has tells whether a program is installed. Administration programs may lie
// outside of a user's PATH.
func (m Machine) has(name string) bool {
	if _, err := exec.LookPath(name); err == nil && m.Root == "/" {
		return true
	}
	for _, dir := range []string{"usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin"} {
		if info, err := os.Stat(m.path(filepath.Join(dir, name))); err == nil && info.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}

func (m Machine) swapFiles() []string {
	data, err := m.read("proc/swaps")
	if err != nil {
		return nil
	}
	var files []string
	for i, line := range strings.Split(string(data), "\n") {
		if fields := strings.Fields(line); i > 0 && len(fields) > 0 {
			files = append(files, fields[0])
		}
	}
	return files
}
