package images

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"
)

// inputsLabel carries the digest of everything that went into an image; equal
// label, nothing to do.
const inputsLabel = "io.github.sentryctl.lab.inputs"

// image is one image to be loaded: its name, its configuration file and the
// layers below, bottom first.
type image struct {
	ref    string
	config []byte
	inputs string
	layers []string // diff IDs
}

// The parts of the image configuration that the lab sets; the fields are those
// of the public image specification v1.2 of the Engine.
type imageConfig struct {
	Architecture string         `json:"architecture"`
	OS           string         `json:"os"`
	Created      time.Time      `json:"created"`
	Config       runConfig      `json:"config"`
	RootFS       rootFS         `json:"rootfs"`
	History      []historyEntry `json:"history"`
}

type runConfig struct {
	Env        []string          `json:"Env"`
	Entrypoint []string          `json:"Entrypoint,omitempty"`
	Cmd        []string          `json:"Cmd,omitempty"`
	WorkingDir string            `json:"WorkingDir"`
	Labels     map[string]string `json:"Labels"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type historyEntry struct {
	Created   time.Time `json:"created"`
	CreatedBy string    `json:"created_by"`
}

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// baseImage is the root filesystem alone.
func baseImage(base Base) (image, error) {
	return newImage(Prefix+"base:"+base.Digest, runConfig{Env: []string{searchPath}, Cmd: []string{"bash"}}, base.DiffID)
}

// roleImage is the image called ref on top of base and the common layer.
func roleImage(ref string, base Base, common layer) (image, error) {
	name, tag, err := Split(ref)
	if err != nil {
		return image{}, err
	}
	r := roles[name]
	env := append([]string{searchPath}, r.env...)
	if r.versionEnv != "" {
		env = append(env, r.versionEnv+"="+tag)
	}
	return newImage(ref, runConfig{Env: env, Entrypoint: r.entrypoint, Cmd: r.cmd}, base.DiffID, common.diffID)
}

func newImage(ref string, run runConfig, layers ...string) (image, error) {
	run.WorkingDir = "/"
	c := imageConfig{Architecture: runtime.GOARCH, OS: "linux", Created: epoch, Config: run, RootFS: rootFS{"layers", layers}}
	for range layers {
		c.History = append(c.History, historyEntry{epoch, "sentryctl lab"})
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return image{}, fmt.Errorf("describe image %s: %w", ref, err)
	}
	sum := sha256.Sum256(plain)
	inputs := hex.EncodeToString(sum[:])
	c.Config.Labels = map[string]string{inputsLabel: inputs}
	labelled, err := json.Marshal(c)
	if err != nil {
		return image{}, fmt.Errorf("describe image %s: %w", ref, err)
	}
	return image{ref: ref, config: labelled, inputs: inputs, layers: layers}, nil
}

// blobs are the layers of an archive by diff ID: a file or bytes. A layer
// that the Engine has may be left out.
type blobs map[string]func() (io.ReadCloser, int64, error)

// writeArchive writes images in the format of docker save.
func writeArchive(w io.Writer, images []image, layers blobs) error {
	type manifestEntry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	var manifest []manifestEntry
	tw := tar.NewWriter(w)
	for _, img := range images {
		sum := sha256.Sum256(img.config)
		m := manifestEntry{Config: hex.EncodeToString(sum[:]) + ".json", RepoTags: []string{img.ref}}
		for _, id := range img.layers {
			m.Layers = append(m.Layers, layerName(id))
		}
		if err := writeFile(tw, m.Config, img.config); err != nil {
			return err
		}
		manifest = append(manifest, m)
	}
	if err := writeLayers(tw, layers); err != nil {
		return err
	}
	data, err := json.Marshal(manifest)
	if err != nil {
		return fmt.Errorf("write the image archive: %w", err)
	}
	if err := writeFile(tw, "manifest.json", data); err != nil {
		return err
	}
	if err := tw.Close(); err != nil {
		return fmt.Errorf("write the image archive: %w", err)
	}
	return nil
}

func layerName(diffID string) string { return diffID[len("sha256:"):] + "/layer.tar" }

func writeLayers(tw *tar.Writer, layers blobs) error {
	ids := make([]string, 0, len(layers))
	for id := range layers {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		r, size, err := layers[id]()
		if err != nil {
			return fmt.Errorf("open a layer: %w", err)
		}
		err = tw.WriteHeader(&tar.Header{Name: layerName(id), Size: size, Mode: 0o644, ModTime: epoch})
		if err == nil {
			_, err = io.Copy(tw, r)
		}
		r.Close()
		if err != nil {
			return fmt.Errorf("write a layer: %w", err)
		}
	}
	return nil
}

func writeFile(tw *tar.Writer, name string, data []byte) error {
	err := tw.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644, ModTime: epoch})
	if err == nil {
		_, err = tw.Write(data)
	}
	if err != nil {
		return fmt.Errorf("write %s into the image archive: %w", name, err)
	}
	return nil
}

func fromFile(path string) func() (io.ReadCloser, int64, error) {
	return func() (io.ReadCloser, int64, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, 0, err
		}
		fi, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, 0, err
		}
		return f, fi.Size(), nil
	}
}
