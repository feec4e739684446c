package cgroup_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/cgroup"
)

const (
	id    = "4f0c1e2d3b4a59687766554433221100ffeeddccbbaa99887766554433221100"
	other = "99881e2d3b4a59687766554433221100ffeeddccbbaa99887766554433221100"
)

func TestFreezers(t *testing.T) {
	cases := []struct {
		name  string
		files []string
		want  []cgroup.Freezer
	}{
		{"v1", []string{"freezer/docker/" + id + "/freezer.state", "freezer/docker/" + other + "/freezer.state", "freezer/docker/freezer.state", "memory/docker/" + id + "/memory.limit"},
			[]cgroup.Freezer{{ID: id, Path: "freezer/docker/" + id + "/freezer.state", Stop: "FROZEN", Go: "THAWED"}}},
		{"v1, the Engine in a group of its own", []string{"freezer/a/b/docker/" + id + "/freezer.state"},
			[]cgroup.Freezer{{ID: id, Path: "freezer/a/b/docker/" + id + "/freezer.state", Stop: "FROZEN", Go: "THAWED"}}},
		{"v1, systemd", []string{"freezer/system.slice/docker-" + id + ".scope/freezer.state"},
			[]cgroup.Freezer{{ID: id, Path: "freezer/system.slice/docker-" + id + ".scope/freezer.state", Stop: "FROZEN", Go: "THAWED"}}},
		{"v1 with a v2 tree beside it", []string{"freezer/docker/" + id + "/freezer.state", "unified/docker/" + id + "/cgroup.freeze"},
			[]cgroup.Freezer{{ID: id, Path: "freezer/docker/" + id + "/freezer.state", Stop: "FROZEN", Go: "THAWED"}}},
		{"v2, systemd", []string{"cgroup.controllers", "system.slice/docker-" + id + ".scope/cgroup.freeze", "system.slice/docker-" + other + ".scope/cgroup.freeze", "system.slice/docker.service/cgroup.freeze"},
			[]cgroup.Freezer{{ID: id, Path: "system.slice/docker-" + id + ".scope/cgroup.freeze", Stop: "1", Go: "0"}}},
		{"v2, cgroupfs", []string{"cgroup.controllers", "docker/" + id + "/cgroup.freeze", "docker/cgroup.freeze"},
			[]cgroup.Freezer{{ID: id, Path: "docker/" + id + "/cgroup.freeze", Stop: "1", Go: "0"}}},
		{"v2, rootless", []string{"user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id + ".scope/cgroup.freeze"},
			[]cgroup.Freezer{{ID: id, Path: "user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id + ".scope/cgroup.freeze", Stop: "1", Go: "0"}}},
		{"groups inside of the container", []string{"docker/" + id + "/cgroup.freeze", "docker/" + id + "/inner/" + id + "/cgroup.freeze"},
			[]cgroup.Freezer{{ID: id, Path: "docker/" + id + "/cgroup.freeze", Stop: "1", Go: "0"}}},
		{"not there", []string{"docker/" + other + "/cgroup.freeze"}, nil},
		{"a name that merely ends alike", []string{"docker/x" + id + "/cgroup.freeze", "docker/" + id + ".scope/cgroup.freeze"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for _, f := range c.files {
				tree[f] = &fstest.MapFile{}
			}
			got, err := cgroup.Freezers(tree, id)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestThawAndFreezeWriteAndTellWhatIsLeft(t *testing.T) {
	tree := t.TempDir()
	file := filepath.Join(tree, "docker", id, "cgroup.freeze")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("?"), 0o644); err != nil {
		t.Fatal(err)
	}
	for word, set := range map[string]func(string, ...string) ([]string, error){"0": cgroup.Thaw, "1": cgroup.Freeze} {
		left, err := set(tree, id, other)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{other}, left); d != "" {
			t.Errorf("left: %s", d)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != word {
			t.Errorf("got %q, %v; want %q", got, err, word)
		}
	}
	if left, err := cgroup.Thaw(filepath.Join(tree, "nowhere"), id); err == nil || len(left) != 1 {
		t.Errorf("without a tree: left %v, %v", left, err)
	}
}
