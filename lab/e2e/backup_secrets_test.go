package e2e

import (
	"bytes"
	"crypto/rand"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// No secret of a backup is seen in argument lists, environments or containers
// while it is made and restored, and none is left in files, logs or what was
// said. Only what the admin gave in the environment is in that one process's.
func TestNoSecretGetsOut(t *testing.T) {
	labtest.Long(t)
	x := faultySite(t)
	secrets := map[string]string{"password": rand.Text(), "access key": rand.Text(), "secret key": rand.Text()}
	st := newStorage(t, secrets["access key"])
	inFiles := []string{"AWS_ACCESS_KEY_ID_FILE=" + secretFile(t, secrets["access key"]), "AWS_SECRET_ACCESS_KEY_FILE=" + secretFile(t, secrets["secret key"]),
		"SENTRYCTL_BACKUP_PASSWORD_FILE=" + secretFile(t, secrets["password"])}
	plain := []string{"AWS_ACCESS_KEY_ID=" + secrets["access key"], "AWS_SECRET_ACCESS_KEY=" + secrets["secret key"], "SENTRYCTL_BACKUP_PASSWORD=" + secrets["password"]}
	folder := filepath.Join(t.TempDir(), "repo")
	for _, c := range []struct {
		name, repo string
		env        []string
	}{
		{"storage, secrets in files", st.repo(), inFiles},
		{"storage, secrets in the environment", st.repo(), plain},
		{"folder", folder, plain},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watchSecrets(t, x.Site, secrets)
			x.news(t)
			for _, args := range [][]string{
				{"backup", "init", "--recovery-sheet", filepath.Join(t.TempDir(), "sheet")},
				{"backup", "create", "--upload-limit", "2000000"},
				{"backup", "create", "--output", "json"},
				{"backup", "list"},
				{"backup", "show", "--output", "json"},
				{"backup", "verify", "--percent", "100"},
				{"restore", "--to", filepath.Join(t.TempDir(), "to"), "--volume", x.Prefix + "-redis"},
				{"restore", "--volume", x.Prefix + "-redis", "--yes"},
			} {
				w.says(t, c.env, append(args, "--site", x.Dir, "--repo", c.repo)...)
			}
			w.end()
			w.left(t)
		})
	}
}

// sweep looks for secrets wherever they might get out.
type sweep struct {
	site    *labtest.Site
	secrets map[string]string
	mu      sync.Mutex
	found   map[string]bool
	looked  int
	own     map[int]bool // processes that were given secrets in their environment
	end     func()
}

func watchSecrets(t *testing.T, s *labtest.Site, secrets map[string]string) *sweep {
	t.Helper()
	w := &sweep{site: s, secrets: secrets, found: map[string]bool{}, own: map[int]bool{os.Getpid(): true}}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-over:
				return
			default:
				w.processes()
				w.containers(t)
			}
		}
	}()
	w.end = sync.OnceFunc(func() { close(over); <-ended })
	t.Cleanup(w.end)
	return w
}

// in notes each secret that is in what was found somewhere.
func (w *sweep) in(where string, data []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looked++
	for name, secret := range w.secrets {
		if bytes.Contains(data, []byte(secret)) {
			w.found["the "+name+" is in "+where] = true
		}
	}
}

// processes looks at all of this machine, the Engine's and containers' too.
func (w *sweep) processes() {
	list, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return
	}
	for _, dir := range list {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			continue // it has ended
		}
		name := strings.ReplaceAll(string(line), "\x00", " ")
		w.in("the arguments of "+name, line)
		if env, err := os.ReadFile(filepath.Join(dir, "environ")); err == nil && !w.given(dir) {
			w.in("the environment of "+name, env)
		}
	}
}

// given tells of processes into whose environment the test put secrets.
func (w *sweep) given(dir string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for pid := range w.own {
		if filepath.Base(dir) == strconv.Itoa(pid) {
			return true
		}
	}
	return false
}

func (w *sweep) containers(t *testing.T) {
	ids, err := w.site.Docker.Lines(t.Context(), "ps", "-aq", "--filter", "name="+w.site.Prefix)
	if err != nil || len(ids) == 0 {
		return
	}
	all, err := w.site.Docker.Output(t.Context(), append([]string{"inspect"}, ids...)...)
	if err == nil { // one may just have gone
		w.in("what docker inspect says", []byte(all))
	}
}

// says runs sentryctl and looks at all that it says.
func (w *sweep) says(t *testing.T, env []string, args ...string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(labtest.Binary(t), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = w.site.Env(env...), &out, &out
	w.mu.Lock()
	err := cmd.Start()
	if err == nil {
		w.own[cmd.Process.Pid] = true
	}
	w.mu.Unlock()
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		t.Errorf("%v: %v\n%s", args, err, &out)
	}
	w.in("what "+strings.Join(args[:2], " ")+" says", out.Bytes())
}

// left looks at what stays: files of the site, logs of containers. Then it
// tells all that was found.
func (w *sweep) left(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(w.site.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		w.in(path, data)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, id := range docker(t, w.site, "ps", "-aq", "--filter", "name="+w.site.Prefix) {
		var log bytes.Buffer
		cmd := exec.CommandContext(t.Context(), "docker", "logs", id)
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
		w.in("the log of container "+id, log.Bytes())
	}
	for what := range w.found {
		t.Error(what)
	}
	t.Logf("looked at %d places", w.looked)
}
