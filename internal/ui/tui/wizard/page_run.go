package wizard

import (
	"fmt"
	"strconv"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
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
			question{id: "performance", label: "Processes", help: "More processes serve more users and work off more events at the same time; each takes 300 to 500 MB."}.of(
				choice{"release", "As the release has it"},
				choice{"fit", "Fit to this host's CPUs and memory"},
				choice{"own", "Own numbers"},
			),
			keyed("SENTRY_WEB_OPTIONS.workers", "Web workers", "Processes that serve the web interface and the API.").or("3").when(has("SENTRY_WEB_OPTIONS.workers")),
			keyed("SENTRY_TASKWORKER_CONCURRENCY", "Task workers", "Processes that work off background tasks: alerts, notifications, clean-up.").or("4").when(has("SENTRY_TASKWORKER_CONCURRENCY")),
		},
		note: func(d *draft) []string {
			n, ok := d.fit()
			if !ok {
				return []string{"The Engine did not say what CPUs and memory it has."}
			}
			return []string{fmt.Sprintf("For %d CPUs, %d of each fit: one per CPU, with 4 GB of memory for each.", d.in.Machine.CPUs, n)}
		},
	}
}

func (d *draft) loadPerformance() {
	d.values["performance"] = "release"
	if d.values["SENTRY_WEB_OPTIONS.workers"] != "" || d.values["SENTRY_TASKWORKER_CONCURRENCY"] != "" {
		d.values["performance"] = "own"
	}
}

// fit proposes a number of processes: one per CPU, as far as memory goes.
func (d *draft) fit() (int, bool) {
	m := d.in.Machine
	if m.CPUs <= 0 || m.Memory <= 0 {
		return 0, false
	}
	const each = 4_000_000_000
	return min(max(min(m.CPUs, int((m.Memory+each/2)/each)), 2), 32), true
}

func (d *draft) followPerformance() {
	var n string
	switch fit, ok := d.fit(); {
	case d.get("performance") == "own", d.get("performance") == "fit" && !ok:
		return
	case d.get("performance") == "fit":
		n = strconv.Itoa(fit)
	}
	d.values["SENTRY_WEB_OPTIONS.workers"], d.values["SENTRY_TASKWORKER_CONCURRENCY"] = n, n
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
