// Package repositorytest makes repositories for tests.
package repositorytest

import (
	"context"
	"testing"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// Make makes an empty repository in a folder.
func Make(t *testing.T, path string) repository.Access {
	t.Helper()
	to, err := repository.ParseTarget(path)
	if err != nil {
		t.Fatal(err)
	}
	a := repository.Access{Target: to, Password: "p", Dir: t.TempDir()}
	if err := repository.Init(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a
}

// Open opens a repository until the test ends.
func Open(t *testing.T, a repository.Access) *repository.Repository {
	t.Helper()
	rep, err := repository.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rep.Close(context.WithoutCancel(t.Context())) }) //nolint:errcheck // the test is over
	return rep
}
