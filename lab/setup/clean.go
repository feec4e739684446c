package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sentryctl/sentryctl/lab/engine"
	"github.com/sentryctl/sentryctl/lab/images"
)

// Cleaning removes what sites of the lab left on the Engine: all whose project
// is called Prefix, or Prefix and something after a dash.
type Cleaning struct {
	Docker engine.Docker
	Prefix string
	Images bool // the lab's images too, not only those built for a site
	Talk   io.Writer
}

// owns tells whether a name is the prefix's: "lab-t1" does not own "lab-t10".
func (c Cleaning) owns(name string) bool {
	rest, ok := strings.CutPrefix(name, c.Prefix)
	return ok && (rest == "" || strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "_"))
}

// Run removes containers, networks, volumes and images, in that order. It goes
// on after an error, so that as much goes as can.
func (c Cleaning) Run(ctx context.Context) error {
	if c.Prefix == "" {
		return errors.New("clean: a prefix is needed")
	}
	const project = `{{.Label "com.docker.compose.project"}}`
	return errors.Join(
		c.sweep(ctx, "containers", []string{"rm", "-f", "-v"}, "ps", "-a", "--format", "{{.ID}}\t{{.Names}}\t"+project),
		c.forgive(c.sweep(ctx, "networks", []string{"network", "rm"}, "network", "ls", "--format", "{{.ID}}\t{{.Name}}\t"+project)),
		c.sweep(ctx, "volumes", []string{"volume", "rm", "-f"}, "volume", "ls", "--format", "{{.Name}}\t{{.Name}}\t"+project),
		c.sweep(ctx, "images", []string{"rmi", "-f"}, "images", "--format", "{{.Repository}}:{{.Tag}}\t{{.Repository}}\t"),
	)
}

// forgive passes over a network that the Engine keeps: 20.10 sometimes loses
// count of a network's users when many containers end at once, and lets go of
// it when it is started again. Nothing uses it.
func (c Cleaning) forgive(err error) error {
	if err != nil && strings.Contains(err.Error(), "has active endpoints") {
		fmt.Fprintln(c.Talk, "left behind until the Engine is started again:", err)
		return nil
	}
	return err
}

// sweep lists things as lines of id, name and project, and removes ours.
func (c Cleaning) sweep(ctx context.Context, what string, remove []string, list ...string) error {
	lines, err := c.Docker.Lines(ctx, list...)
	if err != nil {
		return fmt.Errorf("list %s: %w", what, err)
	}
	var ids []string
	for _, line := range lines {
		f := strings.SplitN(line+"\t\t", "\t", 4)
		if c.owns(f[1]) || f[2] != "" && c.owns(f[2]) || c.Images && what == "images" && strings.HasPrefix(f[1], images.Prefix) {
			ids = append(ids, f[0])
		}
	}
	if len(ids) == 0 {
		return nil
	}
	fmt.Fprintf(c.Talk, "removing %d %s\n", len(ids), what)
	if _, err := c.Docker.Output(ctx, append(remove, ids...)...); err != nil {
		return fmt.Errorf("remove %s: %w", what, err)
	}
	return nil
}
