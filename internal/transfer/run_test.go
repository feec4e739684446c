package transfer

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// fake is a project whose sentry command writes what it is told to.
type fake struct {
	stdout, stderr string
	code           int
	err            error

	started []string
	ran     workload.OneOff
	heard   string
}

func (f *fake) Model() release.Model {
	return release.Model{Services: []release.Service{{Name: "clickhouse"}, {Name: "postgres"}, {Name: "redis"}, {Name: "web"}}}
}

func (f *fake) Start(_ context.Context, services ...string) error {
	f.started = services
	return nil
}

func (f *fake) Pipe(_ context.Context, o workload.OneOff, c workload.Streams) (int, error) {
	f.ran = o
	if c.In != nil {
		data, err := io.ReadAll(c.In)
		if err != nil {
			return 0, err
		}
		f.heard = string(data)
	}
	io.WriteString(c.Err, f.stderr)
	for part := range strings.SplitAfterSeq(f.stdout, "\n") {
		if _, err := io.WriteString(c.Out, part); err != nil {
			return 0, err
		}
	}
	return f.code, f.err
}

func sentry(f *fake) Sentry {
	return Sentry{Stack: f, Version: calver.MustParse("25.10.0"), Sink: event.Discard{}}
}

const (
	chatter = "Updating certificates in /etc/ssl/certs...\n[WARNING] 1 added\nWARNING: running pip\n"
	data    = "[\n{\n  \"model\": \"sentry.user\"\n},\n{\"model\": \"sentry.email\"}\n]\n"
)

func TestExport(t *testing.T) {
	cases := []struct {
		name string
		fake fake
		want int
		code fault.Code
		says string
	}{
		{"data only", fake{stdout: data}, 2, fault.OK, ""},
		{"an entry point that talks", fake{stdout: chatter + data, stderr: ">> something\n"}, 2, fault.OK, ""},
		{"nobody there", fake{stdout: "[]"}, 0, fault.OK, ""},
		{"the end is missing", fake{stdout: data[:20]}, 0, fault.Integrity, "not whole"},
		{"it talks at the end", fake{stdout: data + "Still exporting"}, 0, fault.Integrity, "something follows"},
		{"nothing", fake{}, 0, fault.Integrity, "no list of objects"},
		{"it fails", fake{stdout: data[:9], stderr: "Traceback\nrelation does not exist\n", code: 1}, 0, fault.Other, "exit code 1: Traceback; relation does not exist"},
		{"the Engine goes", fake{stdout: data, err: fault.New(fault.NoEngine, "", "gone")}, 0, fault.NoEngine, "gone"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "out.json")
			got, err := sentry(&c.fake).Export(t.Context(), Export{Scope: Users, File: path}, time.Now())
			if fault.CodeOf(err) != c.code || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want code %d and %q", err, c.code, c.says)
			}
			if diff := cmp.Diff([]string{"postgres", "redis"}, c.fake.started); diff != "" {
				t.Errorf("started (-want +got):\n%s", diff)
			}
			if err != nil {
				wantEmpty(t, dir)
				return
			}
			written, _ := strings.CutPrefix(c.fake.stdout, chatter)
			if diff := cmp.Diff(Exported{File: path, Scope: Users, Objects: c.want, Bytes: int64(len(written))}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			wantFile(t, path, written)
		})
	}
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || want != "" && string(got) != want {
		t.Errorf("%s holds %q, %v, want %q", path, got, err, want)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: want mode 0600", st.Mode(), err)
	}
}

func TestExportReplacesOnlyWhenAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.json")
	if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := sentry(&fake{stdout: data})
	if _, err := s.Export(t.Context(), Export{Scope: Global, File: path}, time.Now()); fault.CodeOf(err) != fault.Usage {
		t.Errorf("got %v", err)
	}
	if _, err := s.Export(t.Context(), Export{Scope: Global, File: path, Replace: true}, time.Now()); err != nil {
		t.Error(err)
	}
	wantFile(t, path, data)
}

// keys writes a pair of keys and gives their paths.
func keys(t *testing.T, dir string) (public, private string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("public.pem", "PUBLIC KEY", pub), write("private.pem", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
}

func TestSealedThereAndBack(t *testing.T) {
	public, private := keys(t, t.TempDir())
	_, other := keys(t, t.TempDir())
	dir := t.TempDir()
	path := filepath.Join(dir, "out.tar")
	pub, err := ReadPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sentry(&fake{stdout: chatter + data}).Export(t.Context(), Export{Scope: Global, File: path, Seal: pub}, time.Now())
	if err != nil || got.Objects != 2 || !got.Sealed {
		t.Fatalf("got %+v, %v", got, err)
	}
	wantFile(t, path, "")
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	for name, c := range map[string]struct {
		key  string
		code fault.Code
	}{"its key": {private, fault.OK}, "another key": {other, fault.Integrity}, "no key": {"", fault.Usage}, "the public key": {public, fault.Usage}} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			_, err := sentry(f).Import(t.Context(), Import{Scope: Global, File: path, PrivateKey: c.key})
			if fault.CodeOf(err) != c.code {
				t.Fatalf("got %v, want code %d", err, c.code)
			}
			if err == nil && f.heard != data || err != nil && f.heard != "" {
				t.Errorf("sentry heard %q", f.heard)
			}
		})
	}
	for _, cut := range []int64{100, 600, 1200} {
		torn := filepath.Join(t.TempDir(), "torn.tar")
		whole, _ := os.ReadFile(path)
		os.WriteFile(torn, whole[:cut], 0o600)
		if _, err := sentry(&fake{}).Import(t.Context(), Import{Scope: Global, File: torn, PrivateKey: private}); err == nil {
			t.Errorf("cut after %d bytes: taken", cut)
		}
	}
}

func TestImport(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good.json", data)
	cases := []struct {
		name  string
		fake  fake
		x     Import
		code  fault.Code
		heard string
	}{
		{"good", fake{}, Import{Scope: Users, File: good}, fault.OK, data},
		{"torn: sentry hears nothing", fake{}, Import{Scope: Users, File: file("torn.json", data[:30])}, fault.Integrity, ""},
		{"not there", fake{}, Import{Scope: Users, File: filepath.Join(dir, "none")}, fault.Usage, ""},
		{"a key for a plain file", fake{}, Import{Scope: Users, File: good, PrivateKey: good}, fault.Usage, ""},
		{"it fails", fake{code: 1, stderr: "exists\n"}, Import{Scope: Users, File: good}, fault.Other, data},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := sentry(&c.fake).Import(t.Context(), c.x)
			if fault.CodeOf(err) != c.code || c.fake.heard != c.heard {
				t.Errorf("got %v and %q", err, c.fake.heard)
			}
			if err == nil && got != (Imported{File: good, Scope: Users, Objects: 2}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A file system that is full must not look like an export.
func TestExportToAStreamThatBreaks(t *testing.T) {
	broken := errors.New("no space left on device")
	_, err := sentry(&fake{stdout: data}).Export(t.Context(), Export{Scope: Global, To: failing{broken}}, time.Now())
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	var out bytes.Buffer
	if _, err := sentry(&fake{stdout: chatter + data}).Export(t.Context(), Export{Scope: Global, To: &out}, time.Now()); err != nil || out.String() != data {
		t.Errorf("got %q, %v", &out, err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
