package stack

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
)

const liveProject = `name: shop
services:
  web:
    image: sentry-local
    build: {context: ./web, args: {BASE: "ghcr.io/x/sentry:1"}, tags: ["also:this"]}
    ports: ["9000:80"]
    restart: unless-stopped
    container_name: web
    extra_hosts: ["host.docker.internal:host-gateway"]
    volumes: ["data:/data", "./conf:/conf", "/etc/ssl:/ssl", "SOCKETS:/run/postgresql", "SOCKETS/one.sock:/one.sock"]
    labels: {traefik.enable: "true"}
  worker:
    image: sentry-local:latest
    restart: unless-stopped
    depends_on: [web]
  cleanup:
    build: {context: ./cron, args: {BASE_IMAGE: sentry-local}}
  mail:
    image: "registry.example:5000/team/exim:4"
    network_mode: host
volumes:
  data: {name: sentry-data, external: true}
networks:
  default: {}
`

// A whole copy shares no name with the project but those of images that are
// pulled.
func TestWholeCopyHasNamesOfItsOwn(t *testing.T) {
	dir, sockets := t.TempDir(), t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(sockets, "one.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for name, text := range map[string]string{"docker-compose.yml": strings.ReplaceAll(liveProject, "SOCKETS", sockets), "web/Dockerfile": "FROM scratch\n", "cron/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Load(t.Context(), LoadOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Apart(ApartOptions{Name: "shop-rehearsal", CPUs: 1, Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	images := map[string]string{}
	for name, s := range c.run.Services {
		images[name] = s.Image
		if len(s.Ports) > 0 || s.ContainerName != "" || s.NetworkMode != "" || s.CPUS != 1 || s.OomScoreAdj != firstToGo {
			t.Errorf("%s: ports %v, name %q, network %q, CPUs %v, out of memory %d", name, s.Ports, s.ContainerName, s.NetworkMode, s.CPUS, s.OomScoreAdj)
		}
	}
	want := map[string]string{"web": "shop-rehearsal/sentry-local:latest", "worker": "shop-rehearsal/sentry-local:latest",
		"cleanup": "shop-rehearsal/shop-cleanup:latest", "mail": "registry.example:5000/team/exim:4"}
	if d := cmp.Diff(want, images); d != "" {
		t.Errorf("images (-want +got):\n%s", d)
	}
	web, cleanup := c.run.Services["web"], c.run.Services["cleanup"]
	if web.Restart != types.RestartPolicyUnlessStopped || len(web.Build.Tags) > 0 || *web.Build.Args["BASE"] != "ghcr.io/x/sentry:1" ||
		*cleanup.Build.Args["BASE_IMAGE"] != "shop-rehearsal/sentry-local:latest" {
		t.Errorf("web: restart %q, tags %v, base %q; cleanup: base %q", web.Restart, web.Build.Tags, *web.Build.Args["BASE"], *cleanup.Build.Args["BASE_IMAGE"])
	}
	if live := p.run.Services["web"]; len(web.Volumes) != 3 || len(live.Volumes) != 5 || len(web.Labels) > 0 || len(live.Labels) != 1 {
		t.Errorf("volumes %v of %v, labels %v of %v", web.Volumes, live.Volumes, web.Labels, live.Labels)
	}
	for _, v := range web.Volumes {
		if outside := v.Target == "/ssl"; v.ReadOnly != outside {
			t.Errorf("%s is read-only: %v", v.Target, v.ReadOnly)
		}
	}
	if v := c.run.Volumes["data"]; v.Name != "shop-rehearsal_data" || bool(v.External) {
		t.Errorf("volume %+v", v)
	}
	p.run.Volumes["data"] = types.VolumeConfig{Name: "shop-rehearsal_data-beside", External: true}
	if c, err := p.Apart(ApartOptions{Name: "shop-rehearsal", Whole: true}); err != nil || c.run.Volumes["data"].Name != "shop-rehearsal_data-beside" {
		t.Errorf("one of the copy's own volumes: %+v, %v", c.run.Volumes["data"], err)
	}
	if n := c.run.Networks["default"]; n.Name != "shop-rehearsal_default" || !n.Internal {
		t.Errorf("network %+v", n)
	}
	if live := p.run.Services["web"]; live.Image != "sentry-local" || len(live.Build.Tags) != 1 || len(live.Ports) != 1 {
		t.Errorf("the project itself was changed: %+v", live)
	}
	if _, err := p.Apart(ApartOptions{Name: "shop", Whole: true}); err == nil {
		t.Error("a copy took the project's own name")
	}
}
