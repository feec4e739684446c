package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/consts"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// LoadOptions says what to load and with which variables.
//
// A variable is looked for in the process environment, then in Env, then in
// EnvFiles from the last to the first. This is the order of `docker compose
// --env-file`, with Env in between.
type LoadOptions struct {
	Dir         string            // the tree of the release or the site
	EnvFiles    []string          // nil: .env and .env.custom, where they exist
	Env         map[string]string // over the files, under the process
	Profiles    []string          // nil: from COMPOSE_PROFILES
	AllProfiles bool              // every service, whatever its profiles
	Files       []string          // nil: COMPOSE_FILE of the env files, else the default file and its override
}

// Project is a loaded compose project.
type Project struct {
	dir      string
	envFiles []string
	fileEnv  map[string]string // what the env files set
	full     *types.Project    // with volumes and networks that no service uses
	run      *types.Project    // what the Engine gets: only what is used
	raw      []rawFile
	apart    bool // made by Apart: may be razed
}

// Load reads the compose files in o.Dir as `docker compose` does: same project
// name, same labels, same configuration hash, so that a person can go on by
// hand. It needs no Engine, and neither build contexts nor mounted files.
func Load(ctx context.Context, o LoadOptions) (*Project, error) {
	quiet()
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("find directory %s: %w", o.Dir, err)
	}
	envFiles, fileEnv, err := readEnvFiles(dir, o.EnvFiles)
	if err != nil {
		return nil, err
	}
	files, err := composeFiles(dir, o.Files, fileEnv)
	if err != nil {
		return nil, err
	}
	full, err := loadProject(ctx, dir, files, environment(fileEnv, o.Env, os.Environ()), o)
	if err != nil {
		return nil, loadFault(files, err)
	}
	label(full, extraEnvFiles(dir, envFiles))
	raw, err := readRaw(files)
	if err != nil {
		return nil, loadFault(files, err)
	}
	return &Project{dir: dir, envFiles: envFiles, fileEnv: fileEnv, full: full, run: full.WithoutUnnecessaryResources(), raw: raw}, nil
}

// Name is the name of the compose project.
func (p *Project) Name() string { return p.full.Name }

// Dir is the directory that the project was loaded from, absolute.
func (p *Project) Dir() string { return p.dir }

// Services lists the services that are enabled, sorted.
func (p *Project) Services() []string { return p.full.ServiceNames() }

// Getenv gives a variable as the compose files see it.
func (p *Project) Getenv(name string) string { return p.full.Environment[name] }

// readEnvFiles reads the env files in order, a later one over an earlier one.
func readEnvFiles(dir string, names []string) (paths []string, vars map[string]string, err error) {
	if names == nil {
		for _, n := range []string{".env", ".env.custom"} {
			if st, err := os.Stat(filepath.Join(dir, n)); err == nil && !st.IsDir() {
				names = append(names, n)
			}
		}
	}
	vars = map[string]string{}
	for _, n := range names {
		path := n
		if !filepath.IsAbs(n) {
			path = filepath.Join(dir, n)
		}
		// A file may refer to variables of the files before it.
		read, err := dotenv.GetEnvFromFile(vars, []string{path})
		if err != nil {
			return nil, nil, fault.New(fault.Other, "Correct "+path+": one NAME=value per line", "read environment file: %w", err)
		}
		maps.Copy(vars, read)
		paths = append(paths, path)
	}
	return paths, vars, nil
}

// composeFiles finds the files of the project. COMPOSE_FILE counts when the
// site's own env files set it; the process's belongs to some other directory.
// A parent directory is never searched.
func composeFiles(dir string, given []string, fileEnv map[string]string) ([]string, error) {
	if given == nil && fileEnv[consts.ComposeFilePath] != "" {
		sep := fileEnv[consts.ComposePathSeparator]
		if sep == "" {
			sep = string(os.PathListSeparator)
		}
		given = strings.Split(fileEnv[consts.ComposeFilePath], sep)
	}
	if given != nil {
		files := slices.Clone(given)
		for i, f := range files {
			if !filepath.IsAbs(f) {
				files[i] = filepath.Join(dir, f)
			}
		}
		return files, nil
	}
	base := firstFile(dir, cli.DefaultFileNames)
	if base == "" {
		return nil, fault.New(fault.Other, "Give the directory of an unpacked release: docker-compose.yml stands in it",
			"no compose file in %s", dir)
	}
	files := []string{base}
	if over := firstFile(dir, cli.DefaultOverrideFileNames); over != "" {
		files = append(files, over)
	}
	return files, nil
}

func firstFile(dir string, names []string) string {
	for _, n := range names {
		path := filepath.Join(dir, n)
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// environment merges the sources of variables, the process last.
func environment(files, given map[string]string, process []string) types.Mapping {
	env := types.Mapping{}
	maps.Copy(env, files)
	maps.Copy(env, given)
	for _, kv := range process {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			env[k] = v
		}
	}
	return env
}

func loadProject(ctx context.Context, dir string, files []string, env types.Mapping, o LoadOptions) (*types.Project, error) {
	profiles := o.Profiles
	if o.AllProfiles {
		profiles = []string{"*"}
	}
	withEnv := func(p *cli.ProjectOptions) error {
		p.Environment = env
		return nil
	}
	withProfiles := cli.WithProfiles(profiles)
	if profiles == nil {
		withProfiles = cli.WithDefaultProfiles()
	}
	opts, err := cli.NewProjectOptions(files, cli.WithWorkingDirectory(dir), withEnv, withProfiles, cli.WithoutEnvironmentResolution)
	if err != nil {
		return nil, err
	}
	project, err := opts.LoadProject(ctx)
	if err != nil {
		return nil, err
	}
	forgiveDotEnv(dir, project)
	if project, err = project.WithServicesEnvironmentResolved(false); err != nil {
		return nil, err
	}
	if project.Name == "" {
		return nil, errors.New("the project has no name: set COMPOSE_PROJECT_NAME")
	}
	return project, nil
}

// forgiveDotEnv lets a project load whose services read a .env that does not
// exist yet: upstream 9.1.2 makes it at install, from .env.example.
func forgiveDotEnv(dir string, p *types.Project) {
	own := filepath.Join(dir, ".env")
	if _, err := os.Stat(own); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	for _, s := range p.Services {
		for i := range s.EnvFiles {
			if s.EnvFiles[i].Path == own {
				s.EnvFiles[i].Required = false
			}
		}
	}
}

// label adds what `docker compose` adds, so that both see one project.
func label(p *types.Project, envFiles []string) {
	for name, s := range p.Services {
		s.CustomLabels = types.Labels{
			api.ProjectLabel:     p.Name,
			api.ServiceLabel:     name,
			api.VersionLabel:     api.ComposeVersion,
			api.WorkingDirLabel:  p.WorkingDir,
			api.ConfigFilesLabel: strings.Join(p.ComposeFiles, ","),
			api.OneoffLabel:      "False",
		}
		if len(envFiles) > 0 {
			s.CustomLabels[api.EnvironmentFileLabel] = strings.Join(envFiles, ",")
		}
		p.Services[name] = s
	}
}

// extraEnvFiles gives the files that a person would have to name with
// --env-file: none when there is just the default one.
func extraEnvFiles(dir string, envFiles []string) []string {
	if len(envFiles) == 1 && envFiles[0] == filepath.Join(dir, ".env") {
		return nil
	}
	return envFiles
}

// loadFault adds what to do. compose-go names file and line where it knows
// them.
func loadFault(files []string, err error) error {
	hint := "Correct " + strings.Join(files, " or ") + " and run the same command again"
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrPermission):
		hint = "Give this user the right to read the file, or run the same command with sudo"
	case strings.Contains(text, "required variable"):
		hint = "Set the variable in .env.custom and run the same command again"
	case strings.Contains(text, "env file") && strings.Contains(text, "not found"):
		hint = "Create the env file that the compose file names, or take it out there"
	case strings.Contains(text, "undefined volume"), strings.Contains(text, "undefined network"), strings.Contains(text, "depends on undefined"):
		hint = "Declare it, or correct its name, in " + files[len(files)-1]
	}
	return fault.New(fault.Other, hint, "load compose project: %w", err)
}
