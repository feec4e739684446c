package repository

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// kopia's storages tell most of their troubles in words only.
var (
	// refusal is how the kinds of places say that they know nobody like us.
	refusal = regexp.MustCompile(`(?i)\b(Authorize|auth)\b.*: 40[13]\b|\b40[13] (Unauthorized|Forbidden)\b|InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|signature we calculated does not match|Access Key Id you provided|Access Denied` +
		`|AuthenticationFailed|unauthorized|invalid_grant|Invalid Credentials|unable to authenticate|unable to getSigner|bad_auth_token`)
	// stranger is what SSH says of a server that is not the one it was.
	stranger = regexp.MustCompile(`knownhosts: |unable to getHostKey`)
	// away is how an error looks that came of no answer, not of a bad one.
	away = regexp.MustCompile(`despite \d+ retries|RC error|connection (refused|reset|lost)|Connection closed|the place was lost|broken pipe|no such host|i/o timeout|Bad Gateway`)
	// unsound is how it looks when what leads to all else cannot be read.
	unsound = regexp.MustCompile(`message authentication failed|invalid format blob|error loading index blob`)
	// noise is what kopia puts into errors that tells nobody anything.
	noise = regexp.MustCompile(`&ssh\.ClientConfig\{.*?\}: |-{20,}\s*|<\?xml[^>]*>|\s*\n\s*`)
)

// tidied is an error in fewer words.
type tidied struct {
	error
	text string
}

func (t tidied) Error() string { return t.text }
func (t tidied) Unwrap() error { return t.error }

func tidy(err error) error {
	text := noise.ReplaceAllStringFunc(err.Error(), func(found string) string {
		if strings.TrimSpace(found) == "" {
			return " "
		}
		return ""
	})
	return tidied{err, strings.TrimSpace(text)}
}

// unreachable says why a repository does not open.
func (a Access) unreachable(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, repo.ErrInvalidPassword):
		return fault.New(fault.Integrity, "Give the password that the repository was made with", "the password of %s is wrong", a.Target)
	case a.Target.Kind == Folder && errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Usage, "Mount its disk, or make one: sentryctl backup init --repo '"+a.Target.String()+"'", "there is no folder %s", a.Target)
	case errors.Is(err, repo.ErrRepositoryNotInitialized), errors.Is(err, blob.ErrBlobNotFound):
		return fault.New(fault.Usage, "Make one: sentryctl backup init --repo '"+a.Target.String()+"'", "there is no repository in %s", a.Target)
	}
	err = tidy(err)
	switch text := err.Error(); {
	case stranger.MatchString(text):
		return fault.New(fault.Other, "Look whether it is still the server that you mean, then mend SENTRYCTL_SFTP_KNOWN_HOSTS among the credentials (docs/backup.md)",
			"%s shows a host key that is not known: %w", a.Target, err)
	case errors.Is(err, blob.ErrInvalidCredentials), refusal.MatchString(text):
		return fault.New(fault.Other, "Set the credentials of the place where the repository is (docs/backup.md)", "%s refuses the credentials: %w", a.Target, err)
	}
	if unsound.MatchString(err.Error()) {
		return fault.New(fault.Integrity, "Bring the named blob back from a copy of the repository, or see what kopia can recover (docs/backup.md)", "the repository %s is damaged: %w", a.Target, err)
	}
	return fault.New(fault.Other, "Look whether the place can be reached from here", "open the repository %s: %w", a.Target, err)
}

// cutOff says that a repository could not be reached any more while it was
// written to.
func (r *Repository) cutOff(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || fault.CodeOf(err) != fault.Other || !away.MatchString(err.Error()) {
		return err
	}
	return fault.New(fault.Resumable, "Look whether the place can be reached from here, then run it again: the backups in it are whole",
		"the repository %s takes nothing any more: %w", r.target, tidy(err))
}

// integrity gives the code to an error that reading what was written brought.
// A place that does not answer is no damage.
func integrity(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if away.MatchString(err.Error()) {
		return fault.New(fault.Other, "Look whether the place of the repository can be reached from here, then run it again", "%w", tidy(err))
	}
	return fault.New(fault.Integrity, "Look at what is damaged: sentryctl backup verify", "%w", err)
}
