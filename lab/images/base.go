// Package images owns the lab's container images: one root filesystem of
// distribution packages and, on top of it, one thin image per role and
// version. No registry is involved, no container is started and no builder is
// needed: the images are written as an archive and loaded into the Engine.
package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/lab/engine"
)

// packages are the real programs that the stand-in program runs or that
// upstream's health checks and entry points call.
var packages = []string{
	"bash", "ca-certificates", "curl", "memcached", "netcat-openbsd", "nginx-light", "openssl",
	"pgbouncer", "postgresql", "procps", "redis-server", "redis-tools", "wget",
}

// trimmed is removed after the packages are set up. PostgreSQL runs without
// its just-in-time compiler, which is LLVM and a third of everything; perl was
// needed by maintainer scripts only.
var trimmed = []string{
	"boot", "usr/share/doc", "usr/share/i18n", "usr/share/info", "usr/share/locale", "usr/share/man",
	"usr/share/perl", "usr/share/postgresql/*/man", "usr/share/zoneinfo/right", "usr/share/zoneinfo/posix",
	"usr/lib/*/libLLVM*", "usr/lib/*/libz3.so*", "usr/lib/*/perl", "usr/lib/llvm*",
	"usr/lib/postgresql/*/lib/bitcode", "usr/lib/postgresql/*/lib/llvmjit*",
	"var/cache/*", "var/lib/apt/lists/*", "var/lib/dpkg/info/*", "var/log/*", "var/lib/postgresql/*",
}

// finishing makes the packages look like the official images: their users, and
// PostgreSQL's own programs in place of the distribution's perl wrappers.
var finishing = []string{
	"for u in nginx:1101 sentry:999 snuba:1100 vroom:1102 clickhouse:1103 symbolicator:1104 relay:1105; do" +
		" echo ${u%:*}:x:${u#*:}:${u#*:}::/nonexistent:/usr/sbin/nologin >>etc/passwd; echo ${u%:*}:x:${u#*:}: >>etc/group; done",
	"for p in usr/lib/postgresql/*/bin/*; do ln -sf /$p usr/bin/${p##*/}; done",
	"install -d var/log/nginx",
	"ln -s /dev/stdout var/log/nginx/access.log && ln -s /dev/stderr var/log/nginx/error.log",
	"rm -f etc/nginx/modules-enabled/*",
}

// recipe counts up when the way the base is built changes in a manner that
// the lists above do not show.
const recipe = "1"

// Base is the common root filesystem: an uncompressed tar.
type Base struct {
	Digest string // of the inputs: names the base and its files
	Tar    string // "" when the Engine has it and no tar is at hand
	DiffID string // sha256:… of the tar
}

// baseDigest names the base that this machine's distribution gives. A new
// point release of a package does not change it: the lab needs a PostgreSQL,
// not the newest one.
func baseDigest(suite string) string {
	h := sha256.New()
	fmt.Fprintln(h, recipe, suite, packages, trimmed, finishing)
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// buildBase makes the root filesystem as a tar in dir, or finds it there.
func buildBase(ctx context.Context, dir, suite string, talk io.Writer) (Base, error) {
	base := Base{Digest: baseDigest(suite)}
	base.Tar = filepath.Join(dir, "base-"+base.Digest+".tar")
	id, err := os.ReadFile(base.Tar + ".diffid")
	if err == nil && exists(base.Tar) {
		base.DiffID = strings.TrimSpace(string(id))
		return base, nil
	}
	if err := haveMmdebstrap(ctx, talk); err != nil {
		return Base{}, err
	}
	fmt.Fprintf(talk, "building the lab's base from %s packages (about a minute, once)\n", suite)
	part := filepath.Join(dir, "base.part.tar")
	defer os.Remove(part)
	if err := mmdebstrap(ctx, suite, part); err != nil {
		return Base{}, err
	}
	if base.DiffID, err = digestFile(part); err != nil {
		return Base{}, err
	}
	if err := os.Rename(part, base.Tar); err != nil {
		return Base{}, fmt.Errorf("keep the base: %w", err)
	}
	if err := os.WriteFile(base.Tar+".diffid", []byte(base.DiffID+"\n"), 0o644); err != nil {
		return Base{}, fmt.Errorf("keep the base: %w", err)
	}
	return base, nil
}

func haveMmdebstrap(ctx context.Context, talk io.Writer) error {
	if _, err := exec.LookPath("mmdebstrap"); err == nil {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("the lab's images are built from Debian or Ubuntu packages, and this machine has no apt-get.\nRun the lab on Debian or Ubuntu, or copy build/lab/ from a machine that has it")
	}
	if os.Geteuid() != 0 {
		return errors.New("the lab's images are built with mmdebstrap, which is not installed.\nRun: sudo apt-get update && sudo apt-get install -y mmdebstrap")
	}
	return engine.AptInstall(ctx, talk, "mmdebstrap")
}

func mmdebstrap(ctx context.Context, suite, tar string) error {
	args := []string{
		"--variant=essential", "--format=tar", "--include=" + strings.Join(packages, ","),
		`--aptopt=Apt::Install-Recommends "false"`,
		"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
		// Without this the package's script creates a cluster of its own.
		`--essential-hook=mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"`,
		`--customize-hook=cd "$1" && rm -rf ` + strings.Join(append([]string{strings.Join(trimmed, " ")}, finishing...), " && "),
		// Device nodes cannot be unpacked by an Engine without root.
		"--skip=output/dev", "--skip=check/qemu",
	}
	for _, line := range proxyOptions(ctx) {
		args = append(args, "--aptopt="+line)
	}
	args = append(args, suite, tar)
	args = append(args, sourceFiles(suite)...)
	cmd := exec.CommandContext(ctx, "mmdebstrap", args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// A fixed epoch gives files of equal bytes equal times.
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1577836800", "LC_ALL=C")
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return fmt.Errorf("mmdebstrap: %w\n%s", err, strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
	return nil
}

// sourceFiles are this machine's own package sources that name the suite, so
// that a local mirror is used. None: mmdebstrap knows the public ones.
func sourceFiles(suite string) []string {
	var found []string
	candidates, _ := filepath.Glob("/etc/apt/sources.list.d/*")
	for _, path := range append([]string{"/etc/apt/sources.list"}, candidates...) {
		text, err := os.ReadFile(path)
		words := strings.Fields(string(text))
		// The distribution's own file names both the suite and its updates.
		if err == nil && slices.Contains(words, suite) && slices.Contains(words, "main") && strings.Contains(string(text), suite+"-") {
			found = append(found, path)
		}
	}
	return found
}

// proxyOptions are the proxies that this machine's apt is told to use.
func proxyOptions(ctx context.Context) []string {
	out, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "Acquire::") && strings.Contains(strings.ToLower(line), "proxy ") {
			lines = append(lines, strings.TrimSuffix(strings.TrimSpace(line), ";"))
		}
	}
	return lines
}

func digestFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("digest %s: %w", path, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("digest %s: %w", path, err)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
