package wizard

import (
	"fmt"
	"slices"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

func startPage() page {
	return page{
		id: "start", title: "How much do you want to decide?",
		questions: []question{question{
			id: "much", label: "Questions",
			help: "The few questions are what runs, its address, the first admin and mail. Everything else keeps the release's own defaults and can be set later with: sentryctl configure",
		}.of(
			choice{"quick", "The few that matter"},
			choice{"all", "All of them"},
		).asides()},
		note: func(d *draft) []string {
			m := d.in.Machine
			return []string{
				row("Release", d.in.Version.String()),
				row("Site", d.in.Site),
				row("This host", d.in.Host),
				row("CPUs", known(m.CPUs > 0, fmt.Sprint(m.CPUs))),
				row("Memory", known(m.Memory > 0, format.Bytes(m.Memory))),
				row("Free disk", known(m.FreeDisk > 0, format.Bytes(m.FreeDisk))),
				"",
				"Nothing is written before the last page, and only if you say yes there.",
			}
		},
	}
}

func row(name, value string) string { return format.Pad(name, nameWidth) + value }

const nameWidth = 26

func known(is bool, text string) string {
	if is {
		return text
	}
	return "not known"
}

func profilePage() page {
	return page{
		id: "profile", title: "What do you want?",
		shown: func(d *draft) bool { return len(d.in.Profiles) > 0 },
		questions: []question{
			keyed("profile", "What runs", "Everything has errors, performance, profiles, session replays, crons, uptime and feedback. Errors alone need about half of the machine. You can change to everything later.").of(
				choice{config.FeatureComplete, "Everything (feature-complete)"},
				choice{config.ErrorsOnly, "Errors alone (errors-only)"},
			),
		},
		note: (*draft).profileNote,
	}
}

// profileNote compares what each profile needs with what this host has.
func (d *draft) profileNote() []string {
	const w = 14
	line := func(name string, cell func(Profile) string, here string) string {
		out := format.Pad(name, nameWidth-8)
		for _, p := range d.in.Profiles {
			out += format.Pad(cell(p), w)
		}
		return out + here
	}
	m := d.in.Machine
	size := func(n int64) string { return known(n > 0, format.Bytes(n)) }
	notes := []string{
		line("", func(p Profile) string {
			return map[string]string{config.FeatureComplete: "everything", config.ErrorsOnly: "errors alone"}[p.Name]
		}, "this host"),
		line("Containers", func(p Profile) string { return known(p.Containers > 0, fmt.Sprint(p.Containers)) }, ""),
		line("CPUs", func(p Profile) string { return fmt.Sprint(p.CPUs) }, known(m.CPUs > 0, fmt.Sprint(m.CPUs))),
		line("Memory, least", func(p Profile) string { return size(p.Memory) }, size(m.Memory)),
		line("Memory, better", func(p Profile) string { return size(p.Better) }, ""),
		line("Free disk", func(p Profile) string { return size(p.Disk) }, size(m.FreeDisk)),
		"",
	}
	return append(notes, d.profileVerdict())
}

func (d *draft) profileVerdict() string {
	m := d.in.Machine
	for _, p := range d.in.Profiles {
		if p.Name != d.get("profile") {
			continue
		}
		switch {
		case m.Memory > 0 && m.Memory < p.Memory:
			return d.blocked("ram", fmt.Sprintf("%s of memory is too little for this: at least %s.", format.Bytes(m.Memory), format.Bytes(p.Memory)))
		case m.CPUs > 0 && m.CPUs < p.CPUs:
			return d.blocked("cpu-count", fmt.Sprintf("%d CPUs are too few for this: at least %d.", m.CPUs, p.CPUs))
		case m.FreeDisk > 0 && m.FreeDisk < p.Disk:
			return fmt.Sprintf("! %s of free disk is little for this: %s is the least to start with.", format.Bytes(m.FreeDisk), format.Bytes(p.Disk))
		case m.Memory > 0 && m.Memory < p.Better:
			return "! This host has enough for it, with little to spare."
		case m.Memory > 0:
			return "✓ This host has enough for it."
		}
	}
	return ""
}

// blocked marks what a check of the machine refuses, unless it was told not to.
func (d *draft) blocked(check, text string) string {
	if slices.Contains(d.in.Ignore, check) {
		return "! " + text + " You let it pass with --ignore " + check + "."
	}
	return "✗ " + text
}
