package stack

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/moby/moby/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sentryctl/sentryctl/internal/fault"
)

const (
	helperRepository = "sentryctl-helper"
	helperProgram    = "/sentryctl"
	helperLabel      = "io.sentryctl.helper"
)

// EnsureHelper makes the image that helper containers run, out of nothing and
// this executable, when the Engine does not have it, and returns its name. No
// registry is asked.
func (e *Engine) EnsureHelper(ctx context.Context) (string, error) {
	e.helperMu.Lock()
	defer e.helperMu.Unlock()
	if e.helperRef != "" {
		if have, err := e.ImagePresent(ctx, e.helperRef); err != nil || have {
			return e.helperRef, err
		}
	}
	file, err := openProgram(e.program)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return "", fmt.Errorf("read this program: %w", err)
	}
	e.helperRef = helperRepository + ":" + hex.EncodeToString(sum.Sum(nil))[:12]
	if have, err := e.ImagePresent(ctx, e.helperRef); err != nil || have {
		return e.helperRef, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("read this program: %w", err)
	}
	if err := e.importProgram(ctx, e.helperRef, file, size); err != nil {
		return "", fmt.Errorf("make the helper image: %w", err)
	}
	return e.helperRef, nil
}

// openProgram opens this executable and sees that it runs alone in an image.
func openProgram(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open this program: %w", err)
	}
	if err := static(file); err != nil {
		file.Close()
		return nil, fault.New(fault.Other, "Use the released sentryctl for Linux, or build one with make build",
			"this program cannot run in a helper container: %w", err)
	}
	return file, nil
}

func static(file *os.File) error {
	program, err := elf.NewFile(file)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return errors.New("it is linked dynamically")
	}
	_, err = file.Seek(0, io.SeekStart)
	return err
}

// importProgram streams an image of one file to the Engine.
func (e *Engine) importProgram(ctx context.Context, ref string, program io.Reader, size int64) error {
	content, feed := io.Pipe()
	go func() { feed.CloseWithError(writeRoot(feed, program, size)) }()
	defer content.Close()
	res, err := e.api.ImageImport(ctx, client.ImageImportSource{Source: content, SourceName: "-"}, ref, client.ImageImportOptions{
		Message:  "sentryctl in a container of its own",
		Changes:  []string{`ENTRYPOINT ["` + helperProgram + `"]`, "LABEL " + helperLabel + "=image"},
		Platform: ocispec.Platform{},
	})
	if err != nil {
		return startFault(err)
	}
	defer res.Close()
	return startFault(streamError(ctx, e, res))
}

// writeRoot writes the root directory of the image.
func writeRoot(w io.Writer, program io.Reader, size int64) error {
	archive := tar.NewWriter(w)
	for _, head := range []tar.Header{
		{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: helperProgram[1:], Typeflag: tar.TypeReg, Mode: 0o755, Size: size},
	} {
		if err := archive.WriteHeader(&head); err != nil {
			return err
		}
	}
	if _, err := io.Copy(archive, program); err != nil {
		return err
	}
	return archive.Close()
}
