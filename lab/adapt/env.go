package adapt

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/sentryctl/sentryctl/lab/trees"
)

// env is an env file, line by line.
type env []string

func readEnv(path string) (env, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read release: %w", err)
	}
	return strings.Split(strings.TrimRight(string(data), "\n"), "\n"), nil
}

// version is the tag of the sentry image.
func (e env) version() (string, error) {
	for _, line := range e {
		if ref, ok := strings.CutPrefix(line, "SENTRY_IMAGE="); ok {
			if i := strings.LastIndexByte(ref, ':'); i >= 0 {
				return ref[i+1:], nil
			}
		}
	}
	return "", fmt.Errorf("%s names no version: SENTRY_IMAGE has no tag", envName)
}

// adapted names the lab's images, project and port. The rest stays.
func (e env) adapted(o Options) (text string, refs []string, err error) {
	set := map[string]string{
		"COMPOSE_PROJECT_NAME": cmp.Or(o.Prefix, trees.DefaultPrefix),
		"SENTRY_BIND":          cmp.Or(o.Bind, trees.DefaultBind),
	}
	var b strings.Builder
	for _, line := range e {
		name, value, assigned := strings.Cut(line, "=")
		if assigned && strings.HasSuffix(name, "_IMAGE") && !strings.HasPrefix(name, "#") {
			if value, err = labImage(value); err != nil {
				return "", nil, err
			}
			refs = append(refs, value)
			line = name + "=" + value
		} else if set[name] != "" {
			line = name + "=" + set[name]
		}
		b.WriteString(line + "\n")
	}
	return b.String(), refs, nil
}

// withClickHouse adds the image that upstream's installer chose by platform up
// to 24.4.1, where the compose file asks for it.
func (e env) withClickHouse(version string) (env, error) {
	ref, err := trees.Image("clickhouse", version)
	if err != nil {
		return nil, err
	}
	return append(e, "CLICKHOUSE_IMAGE="+ref), nil
}
