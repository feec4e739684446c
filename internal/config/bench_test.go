package config

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// BenchmarkCheckSite reads a sentry.conf.py of 5,000 lines, as validate does:
// its files are checked and rendered. The goal is 50 ms.
func BenchmarkCheckSite(b *testing.B) {
	var conf strings.Builder
	conf.WriteString("from sentry.conf.server import *\n")
	for i := range 1000 {
		fmt.Fprintf(&conf, "# setting %d\nSETTING_%d = {\n    \"a\": [1, 2, (3, 'x')],  # why\n    \"text\": \"\"\"it's # no comment\"\"\",\n}\n", i, i)
	}
	site := fstest.MapFS{"sentry/sentry.conf.py": {Data: []byte(conf.String())}, "sentry/config.yml": {Data: []byte("system.secret-key: 'k'\nmail.host: 'smtp'\n")}}
	in := RenderInput{Version: calver.MustParse("26.8.0"), Pristine: pristineTree, Disk: site, Answers: some()}
	for b.Loop() {
		CheckSite(in.Version, site)
		if _, _, err := RenderSite(in); err != nil {
			b.Fatal(err)
		}
	}
}
