package probe

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sentryctl/sentryctl/lab/engine"
)

// OfSite is the probe of the site at dir: its env files name the project and
// the port.
func OfSite(docker engine.Docker, dir string) (Probe, error) {
	vars := map[string]string{}
	for _, name := range []string{".env", ".env.custom"} {
		if err := readVars(filepath.Join(dir, name), vars); err != nil && !os.IsNotExist(err) {
			return Probe{}, fmt.Errorf("read the site's environment: %w", err)
		}
	}
	for _, name := range []string{"COMPOSE_PROJECT_NAME", "SENTRY_BIND"} {
		if v := os.Getenv(name); v != "" {
			vars[name] = v
		}
	}
	p := Probe{Docker: docker, Project: vars["COMPOSE_PROJECT_NAME"], URL: frontDoor(vars["SENTRY_BIND"])}
	if p.Project == "" {
		return p, fmt.Errorf("%s is no site: its .env names no project", dir)
	}
	return p, nil
}

// frontDoor is the address that a bind of PORT or IP:PORT is reached at.
func frontDoor(bind string) string {
	host, port, ok := strings.Cut(bind, ":")
	if !ok {
		host, port = "", bind
	}
	if host == "" || host == "0.0.0.0" {
		host = "127.0.0.1"
	}
	return "http://" + host + ":" + port
}

func readVars(path string, vars map[string]string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		name, value, ok := strings.Cut(strings.TrimSpace(sc.Text()), "=")
		if ok && !strings.HasPrefix(name, "#") {
			vars[name] = strings.Trim(value, `"'`)
		}
	}
	return sc.Err()
}
