package config

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config/envfile"
)

// envBlock marks our part of .env.custom.
func envBlock() envfile.Block {
	return envfile.Block{Begin: "# >>> sentryctl >>>", End: "# <<< sentryctl <<<"}
}

// env renders .env.custom: first our part, then the admin's lines as they are.
// A variable that we set is taken out of theirs, because the last one counts.
func (r *renderer) env() error {
	differs, ok, err := r.envDiffers()
	if err != nil || !ok {
		return err
	}
	disk, _, err := read(r.Disk, customPath)
	if err != nil {
		return err
	}
	before, after, found := envBlock().Split(disk)
	if !found {
		before, after = nil, disk
	}
	rest, err := envfile.Parse(slices.Concat(before, after))
	if err != nil {
		if _, whole := envfile.Parse(disk); whole != nil {
			err = whole // it counts lines from the top of the file
		}
		r.refuse(customPath, lineOf(err), "Correct the line; a value with blanks or quotes stands in quotes", err)
		return nil
	}
	for key, v := range r.Installer {
		_, theirs := rest.Get(key)
		if _, asked := r.want.env[key]; !asked && !theirs && variable(r.Pristine, envPath, key) == "" {
			r.want.env[key] = v
		}
	}
	header, err := head("env.custom.tmpl")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString(envBlock().Begin + "\n" + header)
	set := slices.Sorted(maps.Keys(r.want.env))
	for _, key := range set {
		if v := r.want.env[key]; differs(key, v) {
			fmt.Fprintf(&b, "%s=%s\n", key, envfile.Quote(v))
		}
		if old, ok := rest.Get(key); ok && old != r.want.env[key] {
			r.warn("variable-replaced", customPath, key, "Set it in the answers to keep another value", "your line of %s gives way to the answers", key)
		}
	}
	b.WriteString(envBlock().End + "\n")
	b.Write(rest.Without(set...))
	r.editedBlock(customPath, disk, b.Bytes())
	r.put(customPath, secretMode, b.Bytes())
	return nil
}

// envDiffers reads the .env of the release and of the site and returns whether
// a value differs from either; ok is false when one cannot be read.
func (r *renderer) envDiffers() (differs func(key, value string) bool, ok bool, err error) {
	var files []*envfile.File
	for _, fsys := range []fs.FS{r.Pristine, r.Disk} {
		data, found, err := read(fsys, envPath)
		if err != nil {
			return nil, false, err
		}
		f, err := envfile.Parse(data)
		if err != nil {
			r.refuse(envPath, lineOf(err), "Correct the line", err)
			return nil, false, nil
		}
		if found {
			files = append(files, f)
		}
	}
	return func(key, value string) bool {
		return len(files) == 0 || slices.ContainsFunc(files, func(f *envfile.File) bool {
			have, _ := f.Get(key)
			return have != value
		})
	}, true, nil
}

// variable returns what an env file says, "" when it says nothing.
func variable(dir fs.FS, path, name string) string {
	data, _, err := read(dir, path)
	if err != nil {
		return ""
	}
	f, err := envfile.Parse(data)
	if err != nil {
		return "" // env() has said so
	}
	value, _ := f.Get(name)
	return value
}

// lineOf returns the line that begins an error's text ("line 3: …"), or 0.
func lineOf(err error) int {
	var n int
	if text := err.Error(); strings.Contains(text, "line ") {
		_, _ = fmt.Sscanf(text[strings.Index(text, "line "):], "line %d", &n)
	}
	return n
}
