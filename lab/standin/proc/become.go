package proc

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Become replaces this process by another program, searched in PATH.
func Become(argv ...string) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return Exit(127, "%s: command not found", argv[0])
	}
	if err := syscall.Exec(path, argv, os.Environ()); err != nil {
		return Exit(126, "run %s: %v", path, err)
	}
	return nil
}

// BecomeAs is Become as the first of the users that exists, when this is
// root; anybody else stays who they are.
func BecomeAs(users []string, argv ...string) error {
	if u := FindUser(users...); u != nil && os.Getuid() == 0 {
		if err := takeIdentity(u); err != nil {
			return err
		}
	}
	return Become(argv...)
}

// FindUser returns the first of the users that exists, or nil.
func FindUser(names ...string) *user.User {
	for _, n := range names {
		if u, err := user.Lookup(n); err == nil {
			return u
		}
	}
	return nil
}

// IDs returns the numbers of a user and its group.
func IDs(u *user.User) (uid, gid int, err error) {
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, fmt.Errorf("user %s: %w", u.Username, err)
	}
	if gid, err = strconv.Atoi(u.Gid); err != nil {
		return 0, 0, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return uid, gid, nil
}

func takeIdentity(u *user.User) error {
	uid, gid, err := IDs(u)
	if err != nil {
		return err
	}
	if err := syscall.Setgroups([]int{gid}); err != nil {
		return fmt.Errorf("set groups: %w", err)
	}
	if err := syscall.Setgid(gid); err != nil {
		return fmt.Errorf("set group: %w", err)
	}
	if err := syscall.Setuid(uid); err != nil {
		return fmt.Errorf("set user: %w", err)
	}
	return os.Setenv("HOME", u.HomeDir)
}

// OwnDir makes a directory and gives it, not its content, to the user.
func OwnDir(dir string, u *user.User, mode os.FileMode) error {
	if err := os.MkdirAll(dir, mode); err != nil {
		return fmt.Errorf("make %s: %w", filepath.Clean(dir), err)
	}
	if u == nil || os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := IDs(u)
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, gid)
}
