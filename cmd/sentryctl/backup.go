package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"golang.org/x/term"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// backupOptions are what all commands about backups take.
type backupOptions struct {
	site         string
	repo         string
	passwordFile string
}

func newBackupCmd(a *app) *cobra.Command {
	var o backupCreateOptions
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Save the site: incremental, encrypted, with a stop of seconds",
		Long: `Save the site: all durable volumes, the configuration and what it takes to
bring them back, into an encrypted repository in kopia's format. Without a
subcommand a backup is made, as by "backup create".

The password comes from --password-file, SENTRYCTL_BACKUP_PASSWORD,
SENTRYCTL_BACKUP_PASSWORD_FILE, the file that "backup init" was given, or a
prompt. Credentials of the place come from the environment (AWS_ACCESS_KEY_ID
and the like) or from files that variables ending in _FILE name.`,
		Example: `  sentryctl backup init --repo /srv/backup --password-file /root/backup-password
  sentryctl backup`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBackupCreate(cmd.Context(), o) },
	}
	o.flags(cmd)
	cmd.AddCommand(newBackupInitCmd(a), newBackupCreateCmd(a), newBackupListCmd(a), newBackupShowCmd(a), newBackupVerifyCmd(a),
		newBackupForgetCmd(a), newBackupPruneCmd(a), newBackupDiffCmd(a), newBackupGuardCmd(a), newBackupDrillCmd(a),
		newBackupScheduleCmd(a), newBackupUnscheduleCmd(a), newBackupRunCmd(a))
	return cmd
}

func (o *backupOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.site, "site", site.DefaultDir, "directory of the installation")
	f.StringVar(&o.repo, "repo", "", "where the backups are (default: where \"backup init\" put them)")
	f.StringVar(&o.passwordFile, "password-file", "", "file that holds the repository's password")
}

// repositoryRecord is what a site knows of its repository. No secret stands
// in it.
type repositoryRecord struct {
	Repo         string `yaml:"repo"`
	PasswordFile string `yaml:"password_file,omitempty"`
}

func repositoryRecordPath(s *site.Site) string { return s.Own("backup", "repository.yaml") }

func readRepositoryRecord(s *site.Site) (repositoryRecord, error) {
	var r repositoryRecord
	data, err := os.ReadFile(repositoryRecordPath(s))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = yaml.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("read where the backups are: %w", err)
	}
	return r, nil
}

// access gathers all that opens the repository. The secrets among it are
// masked from then on.
func (o backupOptions) access(a *app, s *site.Site) (repository.Access, error) {
	rec, err := readRepositoryRecord(s)
	if err != nil {
		return repository.Access{}, err
	}
	where := cmp.Or(o.repo, a.getenv("SENTRYCTL_BACKUP_REPO"), rec.Repo)
	if where == "" {
		return repository.Access{}, fault.New(fault.Usage, "Make one: sentryctl backup init --repo /path", "this site has no repository for backups")
	}
	t, err := repository.ParseTarget(where)
	if err != nil {
		return repository.Access{}, err
	}
	creds, err := repository.ReadCredentials(t, a.getenv)
	if err != nil {
		return repository.Access{}, err
	}
	password, err := o.password(a, rec)
	if err != nil {
		return repository.Access{}, err
	}
	return repository.Access{Target: t, Credentials: creds, Password: password, Dir: s.Own("backup")}, nil
}

// outside refuses to save the site to a folder inside of it: each backup would hold
// the ones before, and a restore that replaces the site's files would take them along.
// To read what is there is always allowed.
func outside(t repository.Target, s *site.Site) error {
	if t.Kind != repository.Folder {
		return nil
	}
	rel, err := filepath.Rel(resolved(s.Dir), resolved(t.Path))
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return nil
	}
	return fault.New(fault.Usage, "Choose a folder elsewhere, best on another disk; one that holds backups can be moved there as it is, and taken into use with: sentryctl backup init --repo /path",
		"the repository %s is inside of the site %s, which it is to save", t, s.Dir)
}

// resolved is a path without links, as far as it is there.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(resolved(dir), filepath.Base(path))
	}
	return path
}

func (o backupOptions) password(a *app, rec repositoryRecord) (string, error) {
	if o.passwordFile != "" {
		return readPassword(o.passwordFile)
	}
	if p := a.getenv("SENTRYCTL_BACKUP_PASSWORD"); p != "" {
		return p, nil
	}
	if path := cmp.Or(a.getenv("SENTRYCTL_BACKUP_PASSWORD_FILE"), rec.PasswordFile); path != "" {
		return readPassword(path)
	}
	return a.askPassword("Password of the backup repository: ")
}

func readPassword(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fault.New(fault.Usage, "Name a file that this user may read with --password-file", "read the repository's password: %w", err)
	}
	p := strings.TrimRight(string(data), "\r\n")
	if p == "" {
		return "", fault.New(fault.Usage, "Put the password into it, on one line", "%s is empty", path)
	}
	return p, nil
}

// askPassword asks at the terminal, or refuses where nobody can answer.
func (a *app) askPassword(question string) (string, error) {
	in, is := a.stdin.(*os.File)
	if !is || !isTerminal(a.stdin) || a.jsonOut() {
		return "", fault.New(fault.Usage, "Give it with --password-file or in SENTRYCTL_BACKUP_PASSWORD", "nobody is there to give the repository's password")
	}
	fmt.Fprint(a.stderr, question)
	defer fmt.Fprintln(a.stderr)
	p, err := term.ReadPassword(int(in.Fd()))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(p), nil
}

// hide masks what opens the repository in all that is said.
func hide(add func(...string), acc repository.Access) {
	add(append(acc.Credentials.Secrets(), acc.Password)...)
}

// withRepository opens the site's repository for a command that only talks
// to it. A repository that is named needs no site: its record is then zero.
func (a *app) withRepository(ctx context.Context, o backupOptions, do func(*repository.Repository, site.Record) error) (err error) {
	s, rec, err := site.Open(o.site)
	alone := fault.CodeOf(err) == fault.NoSite && o.repo != ""
	if alone {
		s, err = site.At(o.site)
	}
	if err != nil {
		return err
	}
	acc, err := o.access(a, s)
	if err != nil {
		return err
	}
	if alone {
		if acc.Dir, err = os.MkdirTemp("", "sentryctl-backup-"); err != nil {
			return fmt.Errorf("make a scratch directory: %w", err)
		}
		defer os.RemoveAll(acc.Dir)
	}
	hide(a.masks.Add, acc)
	rep, err := repository.Open(ctx, acc)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rep.Close(context.WithoutCancel(ctx))) }()
	return do(rep, rec)
}
