package adopt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Change is one file in which a checkout differs from its release.
type Change struct {
	Path string `json:"path"`
	What What   `json:"what"`
}

// What says how a file differs.
type What string

// How files differ.
const (
	Changed What = "changed"
	Missing What = "missing"
	Added   What = "added"
	Made    What = "made" // upstream's installer makes it, from an example or by itself
)

// Drift compares a checkout with the pristine release, path by path. Content
// of directories that hold no file of the release is told as the directory.
func Drift(pristine, disk fs.FS) ([]Change, error) {
	ours, err := paths(pristine, nil)
	if err != nil {
		return nil, fmt.Errorf("read the pristine release: %w", err)
	}
	theirs, err := paths(disk, ours)
	if err != nil {
		return nil, fmt.Errorf("read the checkout: %w", err)
	}
	var list []Change
	for path := range ours {
		if strings.HasSuffix(path, "/") {
			continue
		}
		if !theirs[path] {
			list = append(list, Change{path, Missing})
			continue
		}
		same, err := equal(pristine, disk, path)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", path, err)
		}
		if !same {
			list = append(list, Change{path, Changed})
		}
	}
	for path := range theirs {
		switch {
		case ours[path]:
		case made(path):
			list = append(list, Change{path, Made})
		default:
			list = append(list, Change{path, Added})
		}
	}
	slices.SortFunc(list, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

// paths lists files, and directories with a slash at the end. With known, a
// directory that is not among them is listed and not entered.
func paths(fsys fs.FS, known map[string]bool) (map[string]bool, error) {
	found := map[string]bool{}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrPermission) && path != ".":
			found[path] = true // whose content nobody may see
			return fs.SkipDir
		case err != nil:
			return err
		case path == ".":
			return nil
		case d.IsDir() && (path == ".git" || path == ".sentryctl"):
			return fs.SkipDir
		case d.IsDir() && known == nil:
			found[path+"/"] = true
		case d.IsDir() && !known[path+"/"]:
			found[path+"/"] = true
			return fs.SkipDir
		case !d.IsDir():
			found[path] = true
		}
		return nil
	})
	return found, err
}

func equal(a, b fs.FS, path string) (bool, error) {
	x, err := content(a, path)
	if err != nil {
		return false, err
	}
	y, err := content(b, path)
	if errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	return bytes.Equal(x, y), err
}

// content is a file's, or where a link leads.
func content(fsys fs.FS, path string) ([]byte, error) {
	if info, err := fs.Lstat(fsys, path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		to, err := fs.ReadLink(fsys, path)
		return []byte("-> " + to), err
	}
	return fs.ReadFile(fsys, path)
}

// made tells what upstream's installer leaves in a checkout.
func made(path string) bool {
	switch path {
	case "sentry/config.yml", "sentry/sentry.conf.py", "sentry/requirements.txt", "sentry/enhance-image.sh", "sentry/backup.json",
		"relay/config.yml", "relay/credentials.json", "symbolicator/config.yml", "geoip/GeoIP.conf", "geoip/GeoLite2-City.mmdb",
		"geoip/.geoipupdate.lock", ".reporterrors":
		return true
	}
	return strings.HasPrefix(path, "sentry_install_log-")
}
