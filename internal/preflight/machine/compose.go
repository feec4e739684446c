package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// pluginDirs are where the docker command looks for plugins after the user's.
var pluginDirs = []string{
	"usr/local/lib/docker/cli-plugins", "usr/local/libexec/docker/cli-plugins",
	"usr/lib/docker/cli-plugins", "usr/libexec/docker/cli-plugins",
}

// ComposePlugin returns the version of the Compose plugin, "" when there is
// none. It asks the plugin as the docker command does.
func (m Machine) ComposePlugin(ctx context.Context) (string, error) {
	home, _ := os.UserHomeDir() // a user without a home has no plugins of his own
	paths := []string{filepath.Join(home, ".docker/cli-plugins/docker-compose")}
	for _, dir := range pluginDirs {
		paths = append(paths, m.path(filepath.Join(dir, "docker-compose")))
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return pluginVersion(ctx, path)
		}
	}
	return "", nil
}

func pluginVersion(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "docker-cli-plugin-metadata").Output()
	if err != nil {
		return "", fmt.Errorf("%s does not tell its version: %w", path, err)
	}
	var meta struct{ Version string }
	if err := json.Unmarshal(out, &meta); err != nil || meta.Version == "" {
		return "", fmt.Errorf("%s does not tell its version", path)
	}
	return meta.Version, nil
}
