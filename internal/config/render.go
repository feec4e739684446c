package config

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config/option"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// The files that we render, as slash-separated paths in a site.
const (
	envPath    = ".env"
	customPath = ".env.custom"
	ymlPath    = "sentry/config.yml"
	confPath   = "sentry/sentry.conf.py"
	relayPath  = "relay/config.yml"
	geoipPath  = "geoip/GeoIP.conf"
)

// Modes as ADR 0003 says: containers of other users read the open ones.
const (
	openMode   fs.FileMode = 0o644
	secretMode fs.FileMode = 0o600
)

// maxConfig bounds the files that we edit: the largest of upstream's has 20 kB.
const maxConfig = 1 << 20

// File is a file that a site is to have.
type File struct {
	Path string // slash-separated, relative to the site
	Mode fs.FileMode
	Data []byte
}

// RenderInput is what the files of a site follow from.
type RenderInput struct {
	Version   calver.Version
	Pristine  fs.FS // the release's tree
	Disk      fs.FS // the site as it is; nil or empty for a new one
	Answers   Answers
	SecretKey string            // for a site that has none yet: ReadSecretKey, GenerateSecretKey
	Installer map[string]string // variables that the release expects of its installer; a file that sets one wins
	Host      string            // name of this host for a URL that nobody gave; localhost when empty
}

// Render returns the configuration files of a site, by path. A file that is on
// disk is the base of what it becomes: only what the answers say is set in it.
// Rendering what was rendered gives the same bytes. Findings are warnings;
// answers that Validate refuses, and a file on disk that cannot be edited
// safely, are errors of code fault.Usage.
func Render(in RenderInput) ([]File, []Finding, error) {
	r, err := renderAll(in)
	if err != nil {
		return nil, nil, err
	}
	return r.files, r.found, nil
}

func renderAll(in RenderInput) (*renderer, error) {
	reg, err := option.Load()
	if err != nil {
		return nil, fmt.Errorf("load the option registry: %w", err)
	}
	in.Answers = recall(in.Answers, in.Disk, reg)
	r := &renderer{RenderInput: in, want: settle(in, reg), found: Validate(in.Answers, in.Version)}
	r.found = append(r.found, lostSecrets(in.Answers, reg)...)
	if err := r.found.err("check answers"); err != nil {
		return nil, err
	}
	for _, render := range []func() error{r.env, r.configYML, r.confPy, r.relay, r.geoip, r.examples} {
		if err := render(); err != nil {
			return nil, err
		}
	}
	if err := r.found.err("render configuration"); err != nil {
		return nil, err
	}
	slices.SortFunc(r.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return r, nil
}

// renderer collects files and findings.
type renderer struct {
	RenderInput
	want  settings
	files []File
	found findings
}

func (r *renderer) put(path string, mode fs.FileMode, data []byte) {
	r.files = append(r.files, File{Path: path, Mode: mode, Data: data})
}

func (r *renderer) refuse(path string, line int, hint string, err error) {
	text := strings.Replace(err.Error(), fmt.Sprintf("line %d: ", line), "", 1)
	r.found = append(r.found, Finding{ID: "cannot-edit", Severity: Err, File: path, Line: line, Text: text, Hint: hint})
}

func (r *renderer) warn(id, path, key, hint, format string, args ...any) {
	r.found = append(r.found, Finding{ID: id, Severity: Warn, File: path, Key: key, Hint: hint, Text: fmt.Sprintf(format, args...)})
}

// base returns what a file is edited from: the site's own, else the release's
// example of it. found is false when there is neither.
func (r *renderer) base(path string) (data []byte, found bool, err error) {
	if data, found, err = read(r.Disk, path); found || err != nil {
		return data, found, err
	}
	return read(r.Pristine, examplePath(path))
}

// examplePath returns sentry/config.example.yml for sentry/config.yml.
func examplePath(path string) string {
	i := strings.LastIndexByte(path, '.')
	return path[:i] + ".example" + path[i:]
}

// read returns the content of a file of fsys, which may be nil.
func read(fsys fs.FS, path string) (data []byte, found bool, err error) {
	if fsys == nil {
		return nil, false, nil
	}
	data, err = fs.ReadFile(fsys, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("read configuration: %w", err)
	case len(data) > maxConfig:
		return nil, false, fault.New(fault.Usage, "Look whether that is the right file", "read configuration: %s is larger than %d MB", path, maxConfig>>20)
	}
	return data, true, nil
}

// examples copies the files that upstream's installer makes from examples and
// that we set nothing in. The site's own stay as they are.
func (r *renderer) examples() error {
	for _, e := range copies() {
		if !e.Contains(r.Version) {
			continue
		}
		data, found, err := r.base(e.path)
		if err != nil {
			return err
		}
		if found {
			r.put(e.path, openMode, data)
		}
	}
	return nil
}

// example is a file that is copied as it is, in a range of versions.
type example struct {
	path string
	calver.Range
}

// copies lists them. Source: ensure_file_from_example in the installers of
// getsentry/self-hosted at 20.6.0, 20.12.1, 21.5.0, 22.8.0 and 26.8.0.
func copies() []example {
	return []example{
		{"symbolicator/config.yml", calver.Range{Since: calver.MustParse("20.7.0")}},
		{"sentry/requirements.txt", calver.Range{Until: calver.MustParse("22.5.0")}},
	}
}
