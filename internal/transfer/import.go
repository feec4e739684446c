package transfer

import (
	"context"
	"fmt"
	"io"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Import is what to take in.
type Import struct {
	Scope            Scope
	Filter           []string
	File             string
	PrivateKey       string // path; "" for none
	MergeUsers       bool   // a user who is there stays as they are, in place of a second one
	OverwriteConfigs bool   // options in the file win over those that are there
}

// Imported is what came of it.
type Imported struct {
	File    string `json:"file"`
	Scope   Scope  `json:"scope"`
	Objects int    `json:"objects"` // in the file
}

// Check says whether the version can do it, before anything runs.
func (x Import) Check(v calver.Version) error {
	g, err := generationOf(v)
	if err == nil {
		err = g.offers(v, x.Scope, x.Filter)
	}
	switch {
	case err != nil:
		return err
	case x.MergeUsers && (g.scopes == nil || x.Scope == Global):
		return fault.New(fault.Usage, "Leave out --merge-users", "an import of the scope %s into Sentry %s cannot merge users", x.Scope, v)
	case x.OverwriteConfigs && x.Scope != Config:
		return fault.New(fault.Usage, "Leave out --overwrite-configs", "the scope %s holds no settings that could be overwritten", x.Scope)
	}
	return nil
}

// Command is the sentry command line of an import, for the version.
func (x Import) Command(v calver.Version) ([]string, error) {
	g, err := generationOf(v)
	if err != nil {
		return nil, err
	}
	args := g.command("import", x.Scope, x.Filter)
	if x.MergeUsers {
		args = append(args, g.option("merge", "users"))
	}
	if x.OverwriteConfigs {
		args = append(args, g.option("overwrite", "configs"))
	}
	return append(args, "-"), nil
}

// Import reads the whole file once, so that a torn one changes nothing, and
// then hands it to sentry.
func (s Sentry) Import(ctx context.Context, x Import) (Imported, error) {
	if err := x.Check(s.Version); err != nil {
		return Imported{}, err
	}
	args, err := x.Command(s.Version)
	if err != nil {
		return Imported{}, err
	}
	src, err := openSource(x.File, x.PrivateKey)
	if err != nil {
		return Imported{}, err
	}
	defer src.Close()
	count := newCounter()
	readErr := src.writeTo(count)
	objects, err := count.result()
	if err == nil {
		err = readErr
	}
	if err != nil {
		return Imported{}, fmt.Errorf("read %s: %w", x.File, err)
	}
	said, in := &told{sink: s.Sink}, src.stream()
	defer in.Close()
	code, err := s.Run(ctx, "import", args, workload.Streams{In: in, Out: said, Err: said})
	if err != nil {
		return Imported{}, err
	}
	if code != 0 {
		return Imported{}, s.failed("import "+string(x.Scope), code, said)
	}
	return Imported{File: x.File, Scope: x.Scope, Objects: objects}, nil
}

// stream gives the JSON to whoever reads.
func (s *source) stream() *io.PipeReader {
	r, w := io.Pipe()
	go func() { w.CloseWithError(s.writeTo(w)) }()
	return r
}
