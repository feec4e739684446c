package stack

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	dockerbuild "github.com/docker/cli/cli/command/image/build"
	"github.com/moby/go-archive"
)

// contextTar opens the build context as the builder gets it, without what
// .dockerignore excludes, and tells the name of the Dockerfile in it.
func (j buildJob) contextTar() (content io.ReadCloser, dockerfile string, err error) {
	excludes, err := dockerbuild.ReadDockerignore(j.context)
	if err != nil {
		return nil, "", fmt.Errorf("read .dockerignore: %w", err)
	}
	if err := dockerbuild.ValidateContextDirectory(j.context, excludes); err != nil {
		return nil, "", fmt.Errorf("read the build context: %w", err)
	}
	excludes = append(excludes, j.mountedConfig()...)
	outside := j.dockerfile == "" || !inside(j.context, j.dockerfile)
	if !outside {
		rel, err := filepath.Rel(j.context, j.dockerfile)
		if err != nil {
			return nil, "", err
		}
		dockerfile = filepath.ToSlash(rel)
		excludes = dockerbuild.TrimBuildFilesFromExcludes(excludes, dockerfile, false)
	}
	content, err = archive.TarWithOptions(j.context, &archive.TarOptions{ExcludePatterns: excludes, ChownOpts: &archive.ChownOpts{}})
	if err != nil || !outside {
		return content, dockerfile, err
	}
	extra, err := j.outsideDockerfile()
	if err != nil {
		content.Close()
		return nil, "", err
	}
	return addDockerfile(content, extra)
}

// mountedConfig lists files of upstream's ./sentry that belong into no image:
// its Dockerfile copies the whole directory, but every container mounts the
// configuration. In the image it would put secrets into layers and ask for a
// new build at each change. A Dockerfile that names one gets it.
func (j buildJob) mountedConfig() []string {
	if filepath.Base(j.context) != "sentry" || j.dockerfile == "" {
		return nil
	}
	text, err := os.ReadFile(j.dockerfile)
	if err != nil {
		return nil // whoever builds says so
	}
	var out []string
	for _, name := range []string{"config.yml", "sentry.conf.py"} {
		if !strings.Contains(string(text), name) {
			out = append(out, name)
		}
	}
	return out
}

// outsideDockerfile opens a Dockerfile that is no file of the context.
func (j buildJob) outsideDockerfile() (io.ReadCloser, error) {
	if j.dockerfile == "" {
		return io.NopCloser(strings.NewReader(j.build.DockerfileInline)), nil
	}
	return os.Open(j.dockerfile)
}

// outsideName is how a Dockerfile from elsewhere is called in the context. It
// is always the same, so that the same inputs give the same digest.
const outsideName = ".sentryctl.Dockerfile"

// addDockerfile puts a Dockerfile in front of a context.
func addDockerfile(content, dockerfile io.ReadCloser) (io.ReadCloser, string, error) {
	text, err := io.ReadAll(dockerfile)
	dockerfile.Close()
	if err != nil {
		content.Close()
		return nil, "", err
	}
	out, feed := io.Pipe()
	go func() {
		defer content.Close()
		to := tar.NewWriter(feed)
		err := to.WriteHeader(&tar.Header{Name: outsideName, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))})
		if err == nil {
			_, err = to.Write(text)
		}
		if err == nil {
			err = copyTar(to, tar.NewReader(content))
		}
		feed.CloseWithError(errors.Join(err, to.Close()))
	}()
	return out, outsideName, nil
}

func copyTar(to *tar.Writer, from *tar.Reader) error {
	for {
		head, err := from.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := to.WriteHeader(head); err != nil {
			return err
		}
		if _, err := io.Copy(to, from); err != nil {
			return err
		}
	}
}

// inputs gives the digest of everything that the image is made of: context
// and Dockerfile by content and mode but not by time, arguments, target, and
// the IDs of the bases, so that a new base builds anew.
func (j buildJob) inputs(ctx context.Context, baseIDs map[string]string) (string, error) {
	content, dockerfile, err := j.contextTar()
	if err != nil {
		return "", err
	}
	defer content.Close()
	sum := sha256.New()
	fmt.Fprintf(sum, "dockerfile %q target %q network %q platform %q\n", dockerfile, j.build.Target, j.build.Network, j.platform)
	for _, name := range sortedKeys(j.args) {
		fmt.Fprintf(sum, "arg %q %q\n", name, j.args[name])
	}
	for _, base := range j.bases {
		fmt.Fprintf(sum, "base %q %q\n", base, baseIDs[base])
	}
	files := tar.NewReader(content)
	for ctx.Err() == nil {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
		}
		if err != nil {
			return "", fmt.Errorf("read the build context: %w", err)
		}
		fmt.Fprintf(sum, "file %q %c %o %q %d\n", head.Name, head.Typeflag, head.Mode, head.Linkname, head.Size)
		if _, err := io.Copy(sum, files); err != nil {
			return "", fmt.Errorf("read the build context: %w", err)
		}
	}
	return "", ctx.Err()
}
