package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version and commit are set by the linker in make build. They are only read.
var version, commit = "dev", ""

const composeModule = "github.com/docker/compose/v5"

type versionInfo struct {
	Type    string `json:"type"`
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	Compose string `json:"compose"`
}

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit, Go and the embedded Compose",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return runVersion(a) },
	}
}

func runVersion(a *app) error {
	v := readVersion()
	if a.jsonOut() {
		return a.writeJSON(v)
	}
	_, err := fmt.Fprintf(a.stdout, "sentryctl %s\ncommit    %s\ngo        %s\ncompose   %s\n", v.Version, v.Commit, v.Go, v.Compose)
	return err
}

// readVersion takes what the linker did not set from the build information,
// so that a binary made by go install knows itself too.
func readVersion() versionInfo {
	v := versionInfo{Type: "version", Version: version, Commit: commit, Go: runtime.Version(), Compose: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if v.Version == "dev" && info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v.Commit == "" {
			v.Commit = s.Value
		}
	}
	for _, d := range info.Deps {
		if d.Path == composeModule {
			v.Compose = d.Version
		}
	}
	return v
}
