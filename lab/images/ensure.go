package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/lab/engine"
)

// Lab makes images on one Engine, with its files in one directory.
type Lab struct {
	Docker engine.Docker
	Root   string // of the project's checkout: the stand-in's source is there
	Dir    string // where what was built is kept, for instance build/lab
	Talk   io.Writer
}

// Ensure makes those of refs that are missing or out of date and returns them.
// Nothing to do takes well under a second.
func (l Lab) Ensure(ctx context.Context, refs ...string) (made []string, err error) {
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the lab's directory: %w", err)
	}
	common, err := l.standin(ctx)
	if err != nil {
		return nil, err
	}
	base, err := l.base(ctx)
	if err != nil {
		return nil, err
	}
	wanted, err := wantedImages(refs, base, common)
	if err != nil {
		return nil, err
	}
	stale, err := l.stale(ctx, wanted)
	if err != nil || len(stale) == 0 {
		return nil, err
	}
	fmt.Fprintf(l.Talk, "loading %d images into the Engine\n", len(stale))
	old := l.ids(ctx, stale)
	if err := l.load(ctx, stale, base, common); err != nil {
		return nil, err
	}
	if len(old) > 0 {
		// One that a container or another image still needs stays.
		_, _ = l.Docker.Output(ctx, append([]string{"rmi"}, old...)...)
	}
	for _, img := range stale {
		made = append(made, img.ref)
	}
	return made, nil
}

// standin builds the stand-in program; Go's cache makes a second time quick.
func (l Lab) standin(ctx context.Context) (layer, error) {
	bin := filepath.Join(l.Dir, "standin")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "./lab/standin")
	cmd.Dir = l.Root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		return layer{}, fmt.Errorf("build the stand-in program: %w\n%s", err, bytes.TrimSpace(out))
	}
	return commonLayer(bin)
}

// base finds the base on the Engine or in the directory, else builds it.
func (l Lab) base(ctx context.Context) (Base, error) {
	suite, err := suite("/etc/os-release")
	if err != nil {
		return Base{}, err
	}
	b := Base{Digest: baseDigest(suite)}
	format := `{{range .RootFS.Layers}}{{.}}{{end}}`
	if id, err := l.Docker.Output(ctx, "image", "inspect", "--format", format, Prefix+"base:"+b.Digest); err == nil && strings.HasPrefix(id, "sha256:") {
		b.DiffID = id
		return b, nil
	}
	return buildBase(ctx, l.Dir, suite, l.Talk)
}

func wantedImages(refs []string, base Base, common layer) ([]image, error) {
	first, err := baseImage(base)
	if err != nil {
		return nil, err
	}
	wanted := []image{first}
	for _, ref := range slices.Compact(slices.Sorted(slices.Values(refs))) {
		img, err := roleImage(ref, base, common)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, img)
	}
	return wanted, nil
}

// stale are those images that the Engine has not, or has from other inputs.
func (l Lab) stale(ctx context.Context, wanted []image) ([]image, error) {
	present, err := l.inputs(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(img image) bool { return present[img.ref] == img.inputs }), nil
}

// inputs maps the lab's images on the Engine to the digests of their inputs.
func (l Lab) inputs(ctx context.Context) (map[string]string, error) {
	refs, err := l.Docker.Lines(ctx, "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference="+Prefix+"*")
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	format := `{{index .Config.Labels "` + inputsLabel + `"}}`
	labels, err := l.Docker.Lines(ctx, append([]string{"image", "inspect", "--format", format}, refs...)...)
	if err != nil {
		return nil, fmt.Errorf("look at the lab's images: %w", err)
	}
	if len(labels) != len(refs) {
		return nil, errors.New("look at the lab's images: one was removed meanwhile")
	}
	present := make(map[string]string, len(refs))
	for i, ref := range refs {
		present[ref] = labels[i]
	}
	return present, nil
}

// ids are the Engine's IDs of those images that it has.
func (l Lab) ids(ctx context.Context, list []image) []string {
	args := []string{"image", "inspect", "--format", "{{.Id}}"}
	for _, img := range list {
		args = append(args, img.ref)
	}
	// docker tells of those that are missing by its exit code, after the rest.
	found, _ := l.Docker.Lines(ctx, args...)
	slices.Sort(found)
	return slices.Compact(found)
}

// load sends images to the Engine. The base goes along only when the Engine
// has not got it.
func (l Lab) load(ctx context.Context, images []image, base Base, common layer) error {
	layers := blobs{common.diffID: func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(common.data)), int64(len(common.data)), nil
	}}
	if base.Tar != "" {
		layers[base.DiffID] = fromFile(base.Tar)
	}
	err := l.send(ctx, images, layers)
	if err == nil || base.Tar != "" {
		return err
	}
	// An Engine with containerd's image store wants every layer in the archive.
	suite, e := suite("/etc/os-release")
	if e != nil {
		return errors.Join(err, e)
	}
	full, e := buildBase(ctx, l.Dir, suite, l.Talk)
	if e != nil || full.DiffID != base.DiffID {
		return errors.Join(err, e)
	}
	layers = maps.Clone(layers)
	layers[full.DiffID] = fromFile(full.Tar)
	return l.send(ctx, images, layers)
}

func (l Lab) send(ctx context.Context, images []image, layers blobs) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(writeArchive(w, images, layers)) }()
	_, err := l.Docker.Input(ctx, r, "load", "--quiet")
	r.CloseWithError(err) // ends the writer when docker has gone early
	if err != nil {
		return fmt.Errorf("load the lab's images: %w", err)
	}
	return nil
}

// suite reads the distribution's code name.
func suite(osRelease string) (string, error) {
	text, err := os.ReadFile(osRelease)
	if err != nil {
		return "", fmt.Errorf("find out the distribution: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "VERSION_CODENAME="); ok {
			return strings.Trim(strings.TrimSpace(name), `"`), nil
		}
	}
	return "", errors.New("the lab's images are built from Debian or Ubuntu packages, and this is neither: run the lab on one of those")
}
