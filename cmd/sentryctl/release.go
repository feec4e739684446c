package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
)

func newReleaseCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release",
		Short: "List the releases of self-hosted Sentry and look into them",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReleaseListCmd(a), newReleaseInspectCmd(a))
	return cmd
}

type releaseListOptions struct {
	all     bool
	catalog string
}

func newReleaseListCmd(a *app) *cobra.Command {
	var o releaseListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the releases, newest first, with hard stops and those to avoid",
		Long: `List the releases that sentryctl can install, newest first.

A hard stop is a version that no upgrade may jump over. A version to avoid is
refused unless --accept-avoided is given. No network is asked: what is known
about releases is built in, and --catalog gives a newer edition.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return runReleaseList(a, o) },
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "also list releases that are too old to be installed")
	cmd.Flags().StringVar(&o.catalog, "catalog", "", "`FILE` or directory with a newer catalog")
	return cmd
}

// releaseRow is one release as the list shows it.
type releaseRow struct {
	Version     calver.Version `json:"version"`
	Date        string         `json:"date"`
	Installable bool           `json:"installable"`
	HardStop    string         `json:"hard_stop,omitempty"` // why
	Avoid       string         `json:"avoid,omitempty"`     // why
	Instead     calver.Version `json:"instead,omitzero"`
}

func runReleaseList(a *app, o releaseListOptions) error {
	c, err := catalog.Open(o.catalog)
	if err != nil {
		return err
	}
	rows := releaseRows(c, o.all)
	if !a.jsonOut() {
		return writeReleases(a.stdout, rows)
	}
	return a.writeJSON(struct {
		Type        string       `json:"type"`
		Installable calver.Range `json:"installable"`
		Releases    []releaseRow `json:"releases"`
	}{"releases", catalog.Installable(), rows})
}

func releaseRows(c *catalog.Catalog, all bool) []releaseRow {
	rows := []releaseRow{}
	for _, r := range slices.Backward(c.Releases()) {
		row := releaseRow{Version: r.Version, Date: r.Date, Installable: catalog.Installable().Contains(r.Version)}
		if !row.Installable && !all {
			continue
		}
		if s, is := c.HardStop(r.Version); is {
			row.HardStop = s.Why
		}
		if bad, is := c.Avoid(r.Version); is {
			row.Avoid, row.Instead = bad.Why, bad.Instead
		}
		rows = append(rows, row)
	}
	return rows
}

func writeReleases(out io.Writer, rows []releaseRow) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tDATE\tINSTALL\tNOTE")
	for _, r := range rows {
		install := "yes"
		switch {
		case !r.Installable:
			install = "no"
		case r.Avoid != "":
			install = "avoid"
		}
		line := fmt.Sprintf("%s\t%s\t%s", r.Version, r.Date, install)
		if note := r.note(); note != "" {
			line += "\t" + note
		}
		fmt.Fprintln(w, line)
	}
	return w.Flush()
}

func (r releaseRow) note() string {
	switch {
	case r.Avoid != "":
		return fmt.Sprintf("use %s instead: %s", r.Instead, r.Avoid)
	case r.HardStop != "":
		return "hard stop: " + r.HardStop
	}
	return ""
}
