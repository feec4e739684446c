package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/ui/report"
	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

// mixed holds a finding of each kind.
func mixed() preflight.Report {
	return preflight.Report{
		Type: "report", Blocked: true, Version: "25.10.0", Profile: "feature-complete",
		Findings: []preflight.Finding{
			{ID: "engine-reachable", Title: "Docker Engine answers", State: preflight.OK, OK: true, Severity: preflight.Block, Strict: true, Got: "unix:///var/run/docker.sock"},
			{ID: "engine-nofile", Title: "Open files that the daemon grants", State: preflight.Bad, Severity: preflight.Block, Strict: true,
				Got: "the daemon refuses 262144; its own limit is 20000", Want: "262144 for clickhouse",
				Hint: "Start dockerd under a higher limit (ulimit -n 262144), or ask for less in /opt/sentry/docker-compose.override.yml:\nservices:\n  clickhouse: {ulimits: {nofile: {soft: 20000, hard: 20000}}}"},
			{ID: "ram", Title: "Memory that the Engine has", State: preflight.Bad, Severity: preflight.Block,
				Got: "3900 MiB", Want: "14000 MiB at least, 16384 MiB recommended", Hint: "Give the machine more memory, or install fewer features: --profile errors-only"},
			{ID: "swap", Title: "Swap that the Engine has", State: preflight.Ignored, Severity: preflight.Warn, Got: "0 MiB", Want: "16384 MiB", Hint: "Add 16384 MiB of swap"},
			{ID: "proxy", Title: "Proxy settings agree", State: preflight.Bad, Severity: preflight.Warn,
				Got:  "shell https http://proxy.example.com:3128 except localhost,127.0.0.1; daemon none; client none",
				Want: "the same in shell, daemon and client", Hint: "Set the same in all three"},
			{ID: "disk-latency-engine", Title: "Sync latency of the Engine's disk", State: preflight.Unknown, Severity: preflight.Info, Got: "unknown because the Engine does not answer"},
			{ID: "url-prefix", Title: "Public URL is well formed", State: preflight.Skipped, OK: true, Severity: preflight.Info, Got: "skipped because no URL was given"},
		},
	}
}

func golden(t *testing.T, name string, r preflight.Report, o report.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	uitest.Golden(t, name, b.String())
	return b.String()
}

func TestReport(t *testing.T) {
	golden(t, "mixed.txt", mixed(), report.Options{})
	golden(t, "brief.txt", mixed(), report.Options{Brief: true})
	good := mixed()
	good.Blocked, good.Findings = false, good.Findings[:1]
	golden(t, "good.txt", good, report.Options{})
}

// TestColoursAddNothing proves that with colours the text is the same.
func TestColoursAddNothing(t *testing.T) {
	var plain, coloured bytes.Buffer
	if err := report.Write(&plain, mixed(), report.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := report.Write(&coloured, mixed(), report.Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	text := coloured.String()
	for _, seq := range []string{"\x1b[2m", "\x1b[1;31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[0m"} {
		text = strings.ReplaceAll(text, seq, "")
	}
	if text != plain.String() {
		t.Errorf("got\n%s\nwant\n%s", text, plain.String())
	}
}

// TestForeignTextIsHarmless proves that what a machine says of itself cannot
// drive the admin's terminal.
func TestForeignTextIsHarmless(t *testing.T) {
	r := preflight.Report{Findings: []preflight.Finding{{ID: "port-free", Title: "Port is free", State: preflight.Bad, Got: "taken by \x1b]0;owned\x07evil"}}}
	var b bytes.Buffer
	if err := report.Write(&b, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\x07") {
		t.Errorf("%q", b.String())
	}
}
