package wizard

import (
	"fmt"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/config/tune"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

func privacyPage() page {
	return page{
		id: "privacy", title: "What leaves this host", more: true,
		questions: []question{
			keyed("air_gap", "Air gap", "Makes Sentry ask nothing of the Internet: no usage statistics, no update check, no lists of SDKs.").of(
				choice{"", "No: requests to the Internet are fine"},
				choice{"true", "Yes: make none"},
			),
			keyed("beacon", "Usage statistics", "Sentry sends its makers version, number of users and events once an hour. They say it helps self-hosted Sentry; it holds no event data.").of(
				choice{"", "As the release has it"},
				choice{"full", "With the administrator's e-mail"},
				choice{"anonymous", "Without it"},
				choice{"off", "None"},
			).when(is("air_gap", "", "false")),
		},
	}
}

func performancePage() page {
	return page{
		id: "performance", title: "Performance", more: true,
		questions: []question{
			question{id: "performance", label: "Processes", help: "More processes serve more users and work off more events at the same time."}.of(
				choice{"release", "As the release has it"},
				choice{"fit", "Fit to this host's CPUs and memory"},
				choice{"own", "Own numbers"},
			),
			keyed(webWorkers, "Web workers", "Processes that serve the web interface and the API.").or("3").when(has(webWorkers)),
			keyed(taskWorkers, "Task workers", "Processes that work off background tasks: alerts, notifications, clean-up.").or("4").when(has(taskWorkers)),
		},
		note: (*draft).performanceNote,
	}
}

func (d *draft) loadPerformance() {
	d.values["performance"] = "release"
	if d.values[webWorkers] != "" || d.values[taskWorkers] != "" {
		d.values["performance"] = "own"
	}
}

// fit is what `sentryctl tune` proposes for this machine.
func (d *draft) fit() []tune.Option {
	m := d.in.Machine
	if m.CPUs <= 0 || m.Memory <= 0 {
		return nil
	}
	var out []tune.Option
	for _, o := range tune.Propose(tune.Input{
		CPUs: m.CPUs, MemoryMiB: m.Memory >> 20, Profile: d.get("profile"), Version: d.in.Version, Services: []string{"taskworker"},
	}).Options {
		if o.Key == webWorkers || o.Key == taskWorkers {
			out = append(out, o)
		}
	}
	return out
}

const webWorkers, taskWorkers = "SENTRY_WEB_OPTIONS.workers", "SENTRY_TASKWORKER_CONCURRENCY"

func (d *draft) followPerformance() {
	fit := d.fit()
	if d.get("performance") == "own" || d.get("performance") == "fit" && fit == nil {
		return
	}
	d.values[webWorkers], d.values[taskWorkers] = "", ""
	if d.get("performance") == "release" {
		return
	}
	for _, o := range fit {
		d.values[o.Key] = o.Value
	}
}

func (d *draft) performanceNote() []string {
	fit := d.fit()
	if fit == nil {
		return []string{"The Engine did not say what CPUs and memory it has."}
	}
	out := []string{fmt.Sprintf("For %d CPUs and %s of memory:", d.in.Machine.CPUs, format.Bytes(d.in.Machine.Memory))}
	for _, o := range fit {
		name := map[string]string{webWorkers: "web workers", taskWorkers: "task workers"}[o.Key]
		out = append(out, o.Value+" "+name+": "+o.Why+".")
	}
	return append(out, "sentryctl tune proposes more, once the site stands.")
}

// versionHas tells whether the release is of a version or newer.
func versionHas(since string) func(*draft) bool {
	return func(d *draft) bool {
		return d.in.Version.IsZero() || !d.in.Version.Less(calver.MustParse(since))
	}
}

func summaryPage() page {
	return page{
		id: "summary", title: "Summary",
		questions: []question{
			question{id: "go", label: "Go on?", help: "PgUp and PgDn move the text above."}.of(
				choice{"yes", "Yes, do it"},
				choice{"back", "No, back to the questions"},
				choice{"leave", "No, leave and change nothing"},
			).checked(func(d *draft, v string) error {
				if v == "yes" {
					return d.refused()
				}
				return nil
			}).asides(),
		},
		note: func(d *draft) []string { return d.result },
	}
}

// refused returns the first error that the answers as a whole have.
func (d *draft) refused() error {
	a, err := d.answers()
	if err != nil {
		return err
	}
	for _, f := range config.Validate(a, d.in.Version) {
		if f.Severity == config.Err {
			return f
		}
	}
	return nil
}
