package config

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sentryctl/sentryctl/internal/calver"
)

func TestVariablesOfTheInstaller(t *testing.T) {
	cases := []struct {
		name, env, custom string
		want              bool
	}{
		{"nobody sets it", "SENTRY_BIND=9000\n", "", true},
		{"the release sets it", "CLICKHOUSE_IMAGE=other:1\n", "", false},
		{"the admin sets it", "", "CLICKHOUSE_IMAGE=mine:1\n", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			disk := fstest.MapFS{}
			if c.custom != "" {
				disk[customPath] = &fstest.MapFile{Data: []byte(c.custom)}
			}
			files, _, err := Render(RenderInput{
				Version:  calver.MustParse("23.6.2"),
				Pristine: fstest.MapFS{".env": {Data: []byte(c.env)}}, Disk: disk,
				Installer: map[string]string{"CLICKHOUSE_IMAGE": "server:20"}, SecretKey: strings.Repeat("k", 50),
			})
			if err != nil {
				t.Fatal(err)
			}
			got := false
			for _, f := range files {
				got = got || f.Path == customPath && strings.Contains(string(f.Data), "CLICKHOUSE_IMAGE=server:20")
			}
			if got != c.want {
				t.Errorf("got %v, want %v in %v", got, c.want, files)
			}
		})
	}
}
