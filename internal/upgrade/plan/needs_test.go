package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

func TestShortages(t *testing.T) {
	const free = 20 << 30
	cases := []struct {
		name string
		host *plan.Host
		want []string
	}{
		{"nobody looked", nil, []string{}},
		{"enough", &plan.Host{CPUs: 4, RAMMiB: 14000, FreeBytes: free, Engine: "19.03.6"}, []string{}},
		{"not told", &plan.Host{CPUs: 4, RAMMiB: 14000, FreeBytes: -1}, []string{}},
		{"no room", &plan.Host{CPUs: 4, RAMMiB: 14000, FreeBytes: free - 1, Engine: "28.1.1"}, []string{"19 GiB of free disk of 20"}},
		{"an old Engine", &plan.Host{CPUs: 4, RAMMiB: 14000, FreeBytes: free, Engine: "19.03.5"}, []string{"Docker Engine 19.03.5 of 19.03.6"}},
		{"a very old Engine", &plan.Host{CPUs: 4, RAMMiB: 14000, FreeBytes: free, Engine: "1.13.1"}, []string{"Docker Engine 1.13.1 of 19.03.6"}},
		{"an Engine of Debian", &plan.Host{CPUs: 4, RAMMiB: 14000, FreeBytes: free, Engine: "20.10.24+dfsg1"}, []string{}},
		{"an Engine somebody built", &plan.Host{CPUs: 4, RAMMiB: 14000, FreeBytes: free, Engine: "dev"}, []string{}},
		{"Podman", &plan.Host{CPUs: 4, RAMMiB: 14000, FreeBytes: free, Engine: "5.2.1"}, []string{}},
		{"everything", &plan.Host{CPUs: 2, RAMMiB: 8000, FreeBytes: 0, Engine: "18.09"},
			[]string{"2 CPUs of 4", "8000 MiB of memory of 14000", "0 GiB of free disk of 20", "Docker Engine 18.09 of 19.03.6"}},
	}
	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p, err := plan.New(c, plan.Request{From: "25.8.0", To: "25.10.0", Facts: plan.Facts{Host: tc.host}})
			if d := cmp.Diff(tc.want, p.Needs.Shortages); d != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	}
}
