package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

func newBackupShowCmd(a *app) *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "show [BACKUP]",
		Short: "Show what a backup holds (default: the newest)",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRepository(cmd.Context(), o, func(rep *repository.Repository, rec site.Record) error {
				s, err := a.pick(cmd.Context(), rep, rec.Project, append(args, "")[0])
				if err != nil {
					return err
				}
				return a.tellSet(s)
			})
		},
	}
	o.flags(cmd)
	return cmd
}

func (a *app) tellSet(s backup.Set) error {
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			backup.Manifest
		}{"result", s.Manifest})
	}
	return showSet(a.stdout, s)
}

// showSet writes a backup for a person to read.
func showSet(out io.Writer, s backup.Set) error {
	profile := ""
	if s.Profile != "" {
		profile = " (" + s.Profile + ")"
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "Backup %s of %s, Sentry %s%s\n\n", s.ID(), s.Site, s.Version, profile)
	for _, f := range setFacts(s) {
		if f[1] != "" {
			fmt.Fprintf(w, "  %s\t%s\n", f[0], format.Clean(f[1]))
		}
	}
	fmt.Fprint(w, "\nVolumes\n")
	for _, v := range s.Volumes {
		fmt.Fprintf(w, "  %s\t%s\t%d files\t%s\n", v.Name, format.Bytes(v.Bytes), v.Files, v.Root)
	}
	fmt.Fprintf(w, "  site files\t%s\t%d files\t%s\n", format.Bytes(s.SiteFiles.Bytes), s.SiteFiles.Files, s.SiteFiles.Root)
	if len(s.Omitted) > 0 {
		fmt.Fprint(w, "\nLeft out\n")
	}
	for _, v := range s.Omitted {
		fmt.Fprintf(w, "  %s\t%s\n", v.Name, v.Reason)
	}
	if len(s.Images) > 0 {
		fmt.Fprint(w, "\nImages\n")
	}
	for _, ref := range slices.Sorted(maps.Keys(s.Images)) {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", ref, shortID(s.Images[ref]), cmp.Or(s.Digests[ref], "no digest of a registry"))
	}
	return w.Flush()
}

// shortID is as much of an image's ID as Docker shows.
func shortID(id string) string {
	if id == "" {
		return "not there"
	}
	_, hex, _ := strings.Cut(id, ":")
	return hex[:min(12, len(hex))]
}

// setFacts are what is told of a backup as a whole, each with its name.
func setFacts(s backup.Set) [][2]string {
	var engines []string
	for _, name := range slices.Sorted(maps.Keys(s.Engines)) {
		engines = append(engines, name+" "+s.Engines[name])
	}
	return [][2]string{
		{"made", fmt.Sprintf("%s in %s, --mode %s, with sentryctl %s", s.Begun.Local().Format(time.DateTime), format.Elapsed(s.Ended.Sub(s.Begun)), s.Mode, s.Tool)},
		{"note", s.Description},
		{"holds", fmt.Sprintf("%s in %d files, for which the repository grew by %s", format.Bytes(s.Bytes), s.Files, format.Bytes(s.Added))},
		{"counted", countedIn(s.Census)},
		{"rest", restOf(s.Manifest)},
		{"engines", strings.Join(engines, ", ")},
		{"Kafka", standOf(s.Manifest)},
		{"mind", s.Guarantees},
	}
}

func countedIn(c *backup.Census) string {
	switch {
	case c == nil:
		return ""
	case c.Problem != "":
		return "nothing: " + c.Problem
	}
	return fmt.Sprintf("%s users, %s projects, %s events", between(c.Users), between(c.Projects), between(c.Events))
}

func between(s backup.Span) string {
	if s.Low == s.High {
		return fmt.Sprint(s.Low)
	}
	return fmt.Sprintf("%d to %d", s.Low, s.High)
}

func restOf(m backup.Manifest) string {
	d := m.Downtime
	if d.Rest == 0 {
		return "nothing rested"
	}
	return fmt.Sprintf("%d services for %s (%s); the UI did not answer for %s, the ingest endpoint for %s", len(m.Rested.All()),
		d.Rest.Round(time.Millisecond), d.Prediction(), d.UI.Round(time.Millisecond), d.Ingest.Round(time.Millisecond))
}

// standOf sums up where the consumers stood.
func standOf(m backup.Manifest) string {
	if m.NoOffsets != "" {
		return "where the consumer groups stood is not known: " + m.NoOffsets
	}
	groups, topics, unread := map[string]bool{}, map[string]bool{}, int64(0)
	for _, o := range m.Offsets {
		groups[o.Group], topics[o.Topic] = true, true
		unread += max(o.Lag, 0)
	}
	return fmt.Sprintf("%d consumer groups in %d topics, %d messages not read yet", len(groups), len(topics), unread)
}
