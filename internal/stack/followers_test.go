package stack

import (
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/moby/api/types/container"
)

func TestOutdated(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	up := func(service string, after time.Duration) []box {
		return []box{{service: service, state: container.StateRunning, started: begin.Add(after)}}
	}
	service := func(name string, restart bool) types.ServiceConfig {
		return types.ServiceConfig{Name: name, DependsOn: types.DependsOnConfig{"web": {Restart: restart}}}
	}
	for name, c := range map[string]struct {
		service types.ServiceConfig
		found   map[string][]box
		want    bool
	}{
		"started after web":              {service("door", true), map[string][]box{"web": up("web", 0), "door": up("door", time.Second)}, false},
		"web was restarted":              {service("door", true), map[string][]box{"web": up("web", time.Minute), "door": up("door", time.Second)}, true},
		"a dependency that does not say": {service("door", false), map[string][]box{"web": up("web", time.Minute), "door": up("door", time.Second)}, false},
		"nginx of an older release":      {service("nginx", false), map[string][]box{"web": up("web", time.Minute), "nginx": up("nginx", time.Second)}, true},
		"web is not there":               {service("door", true), map[string][]box{"door": up("door", time.Second)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := outdated(c.service, c.found); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
