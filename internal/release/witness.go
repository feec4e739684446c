package release

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// A witness is a place in a tree that says which version it is. CHANGELOG.md
// is none: that of 26.2.0 ends at 26.1.0. Nor is an image other than Sentry's
// own: Symbolicator counted for itself up to 22.x.
type witness struct {
	file string
	says *regexp.Regexp
}

func witnesses() []witness {
	image := regexp.MustCompile(`(?:^|:-|[/\s"'=])sentry:(\d+\.\d+\.\d+)(?:$|[\s"'@}-])`)
	return []witness{
		{".env", regexp.MustCompile(`(?m)^\s*SENTRY_IMAGE=\S*?:v?(\d+\.\d+\.\d+)(?:@\S*)?\s*$`)},
		{".env", regexp.MustCompile(`(?m)^\s*SENTRY_VERSION=v?(\d+\.\d+\.\d+)\s*$`)},
		{"README.md", regexp.MustCompile(`(?m)\A# .*\bSentry (\d+\.\d+\.\d+)\b`)},
		{composeFile, image},
		{"Dockerfile", image}, // up to 9.1.2
	}
}

// testimony is what one witness says.
type testimony struct {
	file    string
	version calver.Version
}

func testimonies(fsys fs.FS) ([]testimony, error) {
	var list []testimony
	for _, w := range witnesses() {
		text, err := fs.ReadFile(fsys, w.file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("find version of release: %w", err)
		}
		m := w.says.FindSubmatch(text)
		if m == nil {
			continue
		}
		if v, err := calver.Parse(string(m[1])); err == nil {
			list = append(list, testimony{w.file, v})
		}
	}
	return list, nil
}

// witnessed returns the version on which the witnesses of a tree agree, or
// the zero version when none speaks.
func witnessed(fsys fs.FS) (calver.Version, error) {
	list, err := testimonies(fsys)
	if err != nil || len(list) == 0 {
		return calver.Version{}, err
	}
	for _, t := range list[1:] {
		if t.version != list[0].version {
			return calver.Version{}, fault.New(fault.Integrity, "Take the release from its public archive again, or undo the change to these files",
				"the tree contradicts itself: %s says %s, %s says %s", list[0].file, list[0].version, t.file, t.version).WithDoc(doc)
		}
	}
	return list[0].version, nil
}

// named reads the version out of the name of a directory or an archive, such
// as "self-hosted-25.10.0.tar.gz" or "25.10.0". It is asked last and never
// contradicts anything.
func named(path string) calver.Version {
	base := filepath.Base(path)
	for _, ext := range []string{".gz", ".zst", ".tgz", ".tar", ".zip"} {
		base = strings.TrimSuffix(base, ext)
	}
	if i := strings.LastIndexAny(base, "-_"); i >= 0 {
		base = base[i+1:]
	}
	v, err := calver.Parse(base)
	if err != nil {
		return calver.Version{}
	}
	return v
}

// Statement is what one file of a tree says of its version.
type Statement struct {
	File    string
	Version calver.Version
}

// Statements returns what the files of a tree say, whether they agree or not.
// The name of its directory does not count. A directory without a compose file
// is a Usage fault.
func Statements(dir string) ([]Statement, error) {
	if err := isRelease(dir); err != nil {
		return nil, err
	}
	list, err := testimonies(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	out := make([]Statement, len(list))
	for i, t := range list {
		out[i] = Statement{t.file, t.version}
	}
	return out, nil
}
