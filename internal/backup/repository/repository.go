// Package repository owns where backups live: an encrypted, deduplicating
// store in kopia's format, so that the public kopia tool opens it too. It
// writes trees of files, lists, restores, compares and verifies them. It does
// not know what they mean.
package repository

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/format"
	"github.com/kopia/kopia/repo/maintenance"
	"github.com/kopia/kopia/snapshot/policy"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Access is all that is needed to open a repository.
type Access struct {
	Target      Target
	Credentials Credentials
	Password    string  // of the repository's encryption
	Dir         string  // a directory of ours for the cache, made with 0700
	UploadLimit float64 // bytes per second, 0 for none
	ReadOnly    bool

	now func() time.Time // nil is the system's
}

// Every sentryctl works under one name, so that any of them may do the
// repository's maintenance; sites differ by the source of their snapshots.
const (
	clientUser = "sentryctl"
	clientHost = "sentryctl"
)

// What is kept at hand of a place that is reached over a network: directories
// and indexes above all, as what files hold is mostly read once.
const (
	contentCache  = 64 << 20
	metadataCache = 256 << 20
)

// Init makes a repository in an empty place. A place that holds one already
// is a Usage fault.
func Init(ctx context.Context, a Access) error {
	if a.Password == "" {
		return fault.New(fault.Usage, "Give a password that is long and kept elsewhere too", "a repository needs a password")
	}
	if a.Target.Kind == Folder {
		if err := os.MkdirAll(a.Target.Path, 0o700); err != nil {
			return fault.New(fault.Other, "Choose a folder that this user may write to", "make the folder of the repository: %w", err)
		}
	}
	conn, err := a.connection()
	if err == nil {
		err = a.knock()
	}
	if err != nil {
		return err
	}
	st, err := openFused(withPlace(ctx, conn), nil, true)
	if err != nil {
		return a.unreachable(err)
	}
	defer st.Close(ctx)
	err = repo.Initialize(ctx, st, &repo.NewRepositoryOptions{BlockFormat: format.ContentFormat{Hash: hash}}, a.Password)
	switch {
	case errors.Is(err, repo.ErrAlreadyInitialized):
		return fault.New(fault.Usage, "Use it with its own password, or choose another place", "there is a repository in %s already", a.Target)
	case err != nil:
		return a.unreachable(err)
	}
	// There may have been another one in this place.
	if err := os.RemoveAll(a.cacheDir()); err != nil {
		return fmt.Errorf("empty the cache: %w", err)
	}
	return a.prepare(ctx)
}

// hash names chunks by their content. It costs a third of what kopia's default
// does, and no special processor to be so.
const hash = "BLAKE3-256-128"

// prepare writes what the public tool writes after it has made a repository.
func (a Access) prepare(ctx context.Context) error {
	r, err := Open(ctx, a)
	if err != nil {
		return err
	}
	defer r.Close(ctx)
	return repo.WriteSession(ctx, r.rep, repo.WriteSessionOptions{Purpose: "prepare"}, func(ctx context.Context, w repo.RepositoryWriter) error {
		if err := policy.SetPolicy(ctx, w, policy.GlobalPolicySourceInfo, policy.DefaultPolicy); err != nil {
			return fmt.Errorf("write the repository's policy: %w", err)
		}
		p := maintenance.DefaultParams()
		p.Owner = clientUser + "@" + clientHost
		return maintenance.SetParams(ctx, w, &p)
	})
}

// Repository is an open repository.
type Repository struct {
	rep    repo.DirectRepository
	target Target

	mu     sync.Mutex
	broken []string // see Unlisted
}

// Open opens a repository. A wrong password is an Integrity fault. kopia wants
// a file that says how to connect; it is gone when Open returns.
func Open(ctx context.Context, a Access) (*Repository, error) {
	conn, err := a.connection()
	if err == nil {
		err = a.knock()
	}
	if err != nil {
		return nil, err
	}
	path, err := a.writeConfig()
	if err != nil {
		return nil, fmt.Errorf("prepare the repository's cache: %w", err)
	}
	defer os.Remove(path)
	var fatal error
	r, err := repo.Open(withPlace(ctx, conn), path, a.Password, &repo.Options{
		DisableRepositoryLog: true, DoNotWaitForUpgrade: true, TimeNowFunc: a.now,
		OnFatalError: func(err error) { fatal = err }, // kopia's own would end the process
	})
	if err = errors.Join(err, fatal); err != nil {
		return nil, a.unreachable(err)
	}
	direct, is := r.(repo.DirectRepository)
	if !is {
		return nil, errors.Join(errors.New("the repository is no direct one"), r.Close(ctx))
	}
	return &Repository{rep: direct, target: a.Target}, nil
}

// cacheDir is of one repository: what is cached of another, its keys above
// all, must never be taken for this one's.
func (a Access) cacheDir() string {
	sum := sha256.Sum256([]byte(a.Target.String()))
	return filepath.Join(a.Dir, "cache", hex.EncodeToString(sum[:8]))
}

// writeConfig writes the file that kopia opens a repository by. No secret
// stands in it: see fusedType.
func (a Access) writeConfig() (string, error) {
	caching, err := a.caching()
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(repo.LocalConfig{
		Storage: &blob.ConnectionInfo{Type: fusedType, Config: fusedOptions{}},
		Caching: &caching,
		ClientOptions: repo.ClientOptions{Hostname: clientHost, Username: clientUser, ReadOnly: a.ReadOnly,
			Description: "Backups of self-hosted Sentry", FormatBlobCacheDuration: -1},
	})
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(a.Dir, "connection-*.json") // 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	return f.Name(), errors.Join(err, f.Close())
}

// caching keeps nothing of a folder: it is as near as a cache would be, and
// each file in a cache has to be made.
func (a Access) caching() (content.CachingOptions, error) {
	if a.Target.Kind == Folder {
		return content.CachingOptions{}, os.MkdirAll(a.Dir, 0o700)
	}
	return content.CachingOptions{
		CacheDirectory: a.cacheDir(), ContentCacheSizeBytes: contentCache, ContentCacheSizeLimitBytes: contentCache,
		MetadataCacheSizeBytes: metadataCache, MetadataCacheSizeLimitBytes: metadataCache,
	}, os.MkdirAll(a.cacheDir(), 0o700)
}

// Close ends the use of the repository.
func (r *Repository) Close(ctx context.Context) error {
	if err := r.rep.Close(ctx); err != nil {
		return fmt.Errorf("close the repository: %w", err)
	}
	return r.target.giveToOwner()
}
