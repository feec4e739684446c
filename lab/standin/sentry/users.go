package sentry

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

// createUser asks for what its flags do not say: the address, the password
// twice, and whether the user is a superuser.
func createUser(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "superuser", "staff", "force-update")
	ask := prompt{in: bufio.NewReader(p.Stdin), out: p.Stderr, mute: f.Has("no-input", "noinput")}
	u := db.NewUser{Email: f.Get("email"), Password: f.Get("password"), Superuser: f.Has("superuser"), Update: f.Has("force-update")}
	if u.Email == "" {
		u.Email = ask.line("Email: ")
	}
	if !strings.Contains(u.Email, "@") {
		return proc.Exit(1, "Error: Invalid or missing email address")
	}
	if u.Password == "" && !f.Has("no-password") {
		var err error
		if u.Password, err = ask.password(); err != nil {
			return err
		}
	}
	if !f.Has("superuser", "no-superuser") && !ask.mute {
		u.Superuser = strings.HasPrefix(strings.ToLower(ask.line("Should this user have Superuser role? [y/N]: ")), "y")
	}
	return withDB(ctx, p, func(_ conf.Settings, d *db.DB) error {
		updated, err := d.CreateUser(ctx, u)
		switch {
		case errors.Is(err, db.ErrExists):
			return proc.Exit(1, "Error: User: %s exists, use --force-update to force.", u.Email)
		case err != nil:
			return err
		case updated:
			p.Printf("User updated: %s\n", u.Email)
		default:
			p.Printf("User created: %s\n", u.Email)
		}
		return nil
	})
}

type prompt struct {
	in   *bufio.Reader
	out  io.Writer
	mute bool
}

// line asks for one line; none when nobody answers.
func (q prompt) line(text string) string {
	if q.mute {
		return ""
	}
	io.WriteString(q.out, text) //nolint:errcheck // a closed terminal answers nothing
	answer, err := q.in.ReadString('\n')
	if err != nil && answer == "" {
		return ""
	}
	return strings.TrimRight(answer, "\r\n")
}

func (q prompt) password() (string, error) {
	first := q.line("Password: ")
	if first == "" {
		return "", proc.Exit(1, "Error: No password set and --no-password not passed.")
	}
	if q.line("Repeat for confirmation: ") != first {
		return "", proc.Exit(1, "Error: The two entered values do not match.")
	}
	return first, nil
}

// permissions answers `permissions list|add|remove -u USER [-p PERMISSION]`.
func permissions(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args)
	user, permission := f.Get("user", "u"), f.Get("permission", "p")
	return withDB(ctx, p, func(_ conf.Settings, d *db.DB) error {
		switch f.Word(0) {
		case "list":
			all, err := d.Permissions(ctx, user)
			for _, a := range all {
				p.Printf("%s\n", a)
			}
			return err
		case "add", "remove":
			if user == "" || permission == "" {
				return proc.Exit(2, "Error: --user and --permission are needed")
			}
			return d.Permit(ctx, user, permission, f.Word(0) == "add")
		}
		return proc.Exit(2, "Usage: sentry permissions list|add|remove --user USER [--permission PERMISSION]")
	})
}
