package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/trial"
	"github.com/sentryctl/sentryctl/internal/ui/tui/wizard"
)

const mebibyte, gibibyte = int64(1) << 20, int64(1) << 30

// wizardMachine is what the Engine says of itself. What it does not say is not
// known, and the wizard says so.
func wizardMachine(ctx context.Context, e *stack.Engine) (m wizard.Machine, local bool) {
	if e == nil {
		return m, false
	}
	info, err := e.Info(ctx)
	if err != nil {
		return m, false
	}
	m.CPUs, m.Memory = info.NCPU, info.MemTotal
	if info.Local {
		if s, err := machine.Here().Site(info.RootDir); err == nil {
			m.FreeDisk = s.Disk.FreeBytes
		}
	}
	return m, localNetwork(info)
}

// wizardProfiles is what each profile of a release costs; nothing for a
// release without profiles.
func wizardProfiles(c *catalog.Catalog, v calver.Version, m *release.Model) []wizard.Profile {
	if m == nil || len(m.Profiles) == 0 {
		return nil
	}
	var out []wizard.Profile
	for _, name := range []string{config.FeatureComplete, config.ErrorsOnly} {
		min := c.Minimums(v, name)
		out = append(out, wizard.Profile{
			Name: name, Containers: len(m.ServicesIn(name)), CPUs: min.CPUHard,
			Memory: int64(min.RAMHardMB) * mebibyte, Better: int64(min.RAMRecommendedMB) * mebibyte, Disk: int64(min.DiskFloorGB) * gibibyte,
		})
	}
	return out
}

// wizardDefaults are the release's own values that an empty answer leaves.
func wizardDefaults(m *release.Model) map[string]string {
	if m == nil {
		return nil
	}
	return map[string]string{"bind": envDefault(m, "SENTRY_BIND"), "retention_days": envDefault(m, "SENTRY_EVENT_RETENTION_DAYS")}
}

// wizardChecks tries things out on this host. Ports are only ours to try when
// the Engine opens them here.
func wizardChecks(local bool) wizard.Checks {
	checks := wizard.Checks{TestMail: trial.Mail}
	if local {
		checks.Port = portFree
		checks.Reach = trial.Reach
	}
	return checks
}

func portFree(bind string) error {
	addr, err := preflight.ParseBind(bind)
	if err != nil {
		return err
	}
	taken, err := machine.Here().Listening(addr)
	if err != nil || !taken {
		return err
	}
	if holder := machine.Here().Holder(addr); holder != "" {
		return errors.New("in use by " + holder)
	}
	return errors.New("in use")
}

// beforeFS is a site as it is, with the release's examples where it has no
// file yet: what rendered files are compared with.
type beforeFS struct{ disk, pristine fs.FS }

func (f beforeFS) Open(name string) (fs.File, error) {
	file, err := f.disk.Open(name)
	if i := strings.LastIndexByte(name, '.'); i > 0 && errors.Is(err, fs.ErrNotExist) {
		return f.pristine.Open(name[:i] + ".example" + name[i:])
	}
	return file, err
}

// previewOf returns the diff that rendered files make in a site.
func previewOf(dir, tree string, files []config.File, a config.Answers) (string, error) {
	changes, err := config.Changes(files, beforeFS{os.DirFS(dir), os.DirFS(tree)}, a)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, c := range changes {
		b.WriteString(c.Diff)
	}
	return b.String(), nil
}
