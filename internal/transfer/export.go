package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Export is what to take out and where to.
type Export struct {
	Scope   Scope
	Filter  []string   // user names, or slugs of organizations
	Seal    *PublicKey // nil: plain JSON
	File    string     // "" for To
	To      io.Writer
	Replace bool // File may be there
}

// Check says whether the version can do it, before anything runs.
func (x Export) Check(v calver.Version) error {
	g, err := generationOf(v)
	if err == nil {
		err = g.offers(v, x.Scope, x.Filter)
	}
	if err != nil || x.File == "" || x.Replace {
		return err
	}
	if _, err := os.Lstat(x.File); !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Usage, "Choose another name with --out, or add --force", "%s is there already", x.File)
	}
	return nil
}

// Command is the sentry command line of an export, for the version.
func (x Export) Command(v calver.Version) ([]string, error) {
	g, err := generationOf(v)
	if err != nil {
		return nil, err
	}
	return append(g.command("export", x.Scope, x.Filter), "-"), nil
}

// Exported is what came of it.
type Exported struct {
	File    string `json:"file,omitempty"`
	Scope   Scope  `json:"scope"`
	Objects int    `json:"objects"`
	Bytes   int64  `json:"bytes"` // of the JSON, before it is sealed
	Sealed  bool   `json:"sealed"`
}

// Export streams an export to its file. The file appears, with mode 0600, when
// all of it is there and reads as a whole list; before that there is none.
func (s Sentry) Export(ctx context.Context, x Export, now time.Time) (Exported, error) {
	if err := x.Check(s.Version); err != nil {
		return Exported{}, err
	}
	if x.File == "" {
		return s.exportTo(ctx, x, x.To, os.TempDir(), now)
	}
	f, err := renameio.NewPendingFile(x.File, renameio.WithTempDir(filepath.Dir(x.File)), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return Exported{}, fault.New(fault.Usage, "Choose a place that this user may write to with --out", "write the export: %w", err)
	}
	defer f.Cleanup()
	res, err := s.exportTo(ctx, x, f, filepath.Dir(x.File), now)
	if err != nil {
		return Exported{}, err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return Exported{}, fmt.Errorf("put the export in its place: %w", err)
	}
	res.File = x.File
	return res, nil
}

// exportTo writes an export to a stream, sealed if asked for.
func (s Sentry) exportTo(ctx context.Context, x Export, to io.Writer, dir string, now time.Time) (Exported, error) {
	res := Exported{Scope: x.Scope, Sealed: x.Seal != nil}
	if x.Seal == nil {
		var err error
		res.Objects, res.Bytes, err = s.stream(ctx, x, to)
		return res, err
	}
	v, err := newVault(dir, x.Seal, now)
	if err != nil {
		return res, fmt.Errorf("seal the export: %w", err)
	}
	defer v.remove()
	if res.Objects, res.Bytes, err = s.stream(ctx, x, v); err != nil {
		return res, err
	}
	if err := v.pack(to); err != nil {
		return res, fmt.Errorf("seal the export: %w", err)
	}
	return res, nil
}

// stream runs the command and passes on its data, counting what goes by.
func (s Sentry) stream(ctx context.Context, x Export, to io.Writer) (objects int, size int64, err error) {
	args, err := x.Command(s.Version)
	if err != nil {
		return 0, 0, err
	}
	count, said, measured := newCounter(), &told{sink: s.Sink}, &meter{to: to}
	code, err := s.Run(ctx, "export", args, workload.Streams{Out: &payload{to: io.MultiWriter(measured, count)}, Err: said})
	objects, broken := count.result()
	switch {
	case err != nil:
		return 0, 0, err
	case code != 0:
		return 0, 0, s.failed("export "+string(x.Scope), code, said)
	}
	return objects, measured.n, broken
}

// meter counts bytes.
type meter struct {
	to io.Writer
	n  int64
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.to.Write(p)
	m.n += int64(n)
	return n, err
}
