package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// ConsumerGroups is kafka-consumer-groups: --list, --describe and
// --reset-offsets with --to-earliest, --to-latest or --from-file.
func ConsumerGroups(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "list", "describe", "all-groups", "all-topics", "reset-offsets", "to-latest", "to-earliest",
		"execute", "dry-run", "delete", "members", "state", "verbose", "offsets")
	adm, err := bus.NewAdmin(server(p, f))
	if err != nil {
		return err
	}
	defer adm.Close()
	groups, err := adm.Groups(ctx)
	if err != nil {
		return err
	}
	switch {
	case f.Has("list"):
		for _, g := range groups {
			p.Printf("%s\n", g)
		}
		return nil
	case f.Has("describe"):
		if !f.Has("all-groups") {
			groups = f.All("group")
		}
		return describeGroups(ctx, p, adm, groups)
	case f.Has("reset-offsets") && f.Get("from-file") != "":
		return resetFromFile(ctx, p, adm, f)
	case f.Has("reset-offsets"):
		return resetOffsets(ctx, p, adm, f)
	}
	return proc.Exit(1, "kafka-consumer-groups: give --list, --describe or --reset-offsets")
}

func describeGroups(ctx context.Context, p *proc.Proc, adm *bus.Admin, groups []string) error {
	for _, g := range groups {
		state, lags, err := adm.GroupLag(ctx, g)
		if err != nil {
			return err
		}
		if state == "Empty" || state == "Dead" {
			p.Printf("\nConsumer group '%s' has no active members.\n", g)
		}
		w := tabwriter.NewWriter(p.Stdout, 0, 0, 3, ' ', 0)
		fmt.Fprintln(w, "\nGROUP\tTOPIC\tPARTITION\tCURRENT-OFFSET\tLOG-END-OFFSET\tLAG\tCONSUMER-ID\tHOST\tCLIENT-ID")
		for _, l := range lags {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\t%s\t%s\t-\t%s\n", g, l.Topic, l.Partition,
				orDash(l.Committed), l.End, orDash(l.Behind), or(l.Member, "-"), or(l.ClientID, "-"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func resetOffsets(ctx context.Context, p *proc.Proc, adm *bus.Admin, f proc.Flags) error {
	group := f.Get("group")
	state, lags, err := adm.GroupLag(ctx, group)
	if err != nil {
		return err
	}
	if state != "Empty" && state != "Dead" {
		return proc.Exit(1, "Error: Assignments can only be reset if the group '%s' is inactive, but the current state is %s.", group, state)
	}
	topics := f.All("topic")
	if f.Has("all-topics") {
		seen := map[string]bool{}
		for _, l := range lags {
			seen[l.Topic] = true
		}
		topics = slices.Sorted(maps.Keys(seen))
	}
	to, ok := bus.ToStart, f.Has("to-earliest")
	if f.Has("to-latest") {
		to, ok = bus.ToEnd, true
	}
	if !ok || len(topics) == 0 || !f.Has("execute") {
		return proc.Exit(1, "kafka-consumer-groups: --reset-offsets needs --execute, --to-latest or --to-earliest, and --topic or --all-topics")
	}
	done, err := adm.Reset(ctx, group, to, topics...)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "\nGROUP\tTOPIC\tPARTITION\tNEW-OFFSET")
	for _, l := range done {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", group, l.Topic, l.Partition, l.Committed)
	}
	return w.Flush()
}

// resetFromFile takes lines of "group,topic,partition,offset", as the tool
// does since Kafka 2.4 when several groups are given.
func resetFromFile(ctx context.Context, p *proc.Proc, adm *bus.Admin, f proc.Flags) error {
	data, err := os.ReadFile(f.Get("from-file"))
	if err != nil {
		return err
	}
	wanted := map[string][]bus.Lag{}
	for line := range strings.Lines(string(data)) {
		part := strings.Split(strings.TrimSpace(line), ",")
		if len(part) != 4 {
			return proc.Exit(1, "kafka-consumer-groups: %q is not group,topic,partition,offset", line)
		}
		partition, errP := strconv.ParseInt(part[2], 10, 32)
		offset, errO := strconv.ParseInt(part[3], 10, 64)
		if errP != nil || errO != nil {
			return proc.Exit(1, "kafka-consumer-groups: %q is not group,topic,partition,offset", line)
		}
		wanted[part[0]] = append(wanted[part[0]], bus.Lag{Topic: part[1], Partition: int32(partition), Committed: offset})
	}
	if !f.Has("execute") || len(f.All("group")) == 0 {
		return proc.Exit(1, "kafka-consumer-groups: --from-file needs --execute and --group")
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "\nGROUP\tTOPIC\tPARTITION\tNEW-OFFSET")
	for _, group := range f.All("group") {
		if len(wanted[group]) == 0 {
			continue
		}
		state, _, err := adm.GroupLag(ctx, group)
		if errors.Is(err, kerr.GroupIDNotFound) {
			state, err = "Dead", nil
		}
		if err != nil {
			return err
		}
		if state != "Empty" && state != "Dead" {
			p.Printf("\nError: Assignments can only be reset if the group '%s' is inactive, but the current state is %s.\n", group, state)
			continue
		}
		done, err := adm.Set(ctx, group, wanted[group])
		if err != nil {
			return err
		}
		for _, l := range done {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", group, l.Topic, l.Partition, l.Committed)
		}
	}
	return w.Flush()
}

func orDash(n int64) string {
	if n < 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
