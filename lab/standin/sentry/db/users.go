package db

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// User is one account.
type User struct {
	ID        int64
	Email     string
	Superuser bool
}

// NewUser is an account to be made.
type NewUser struct {
	Email     string
	Password  string // "" for one that cannot log in
	Superuser bool
	Update    bool // change the account if it exists
}

// ErrExists says that the account is there already.
var ErrExists = errors.New("user exists")

// CreateUser makes an account and, as an installation of one organization
// does, a member of that organization. It reports whether it changed one that
// existed.
func (d *DB) CreateUser(ctx context.Context, u NewUser) (updated bool, err error) {
	err = d.inTx(ctx, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, "SELECT id FROM auth_user WHERE lower(username) = lower($1)", u.Email).Scan(&id)
		switch {
		case err == nil && !u.Update:
			return ErrExists
		case err == nil:
			updated = true
			return updateUser(ctx, tx, id, u)
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		return insertUser(ctx, tx, u)
	})
	if err != nil && !errors.Is(err, ErrExists) {
		err = fmt.Errorf("create user: %w", err)
	}
	return updated, err
}

func updateUser(ctx context.Context, tx pgx.Tx, id int64, u NewUser) error {
	if u.Password != "" {
		if _, err := tx.Exec(ctx, "UPDATE auth_user SET password = $2 WHERE id = $1", id, hash(u.Password)); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "UPDATE auth_user SET is_superuser = $2, is_staff = $2, is_active = true WHERE id = $1", id, u.Superuser)
	return err
}

func insertUser(ctx context.Context, tx pgx.Tx, u NewUser) error {
	var id int64
	err := tx.QueryRow(ctx, `INSERT INTO auth_user (username, email, password, is_superuser, is_staff) VALUES ($1, $1, $2, $3, $3) RETURNING id`,
		u.Email, hash(u.Password), u.Superuser).Scan(&id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO sentry_useremail (user_id, email, is_verified) VALUES ($1, $2, $3)", id, u.Email, u.Superuser); err != nil {
		return err
	}
	role := "member"
	if u.Superuser {
		role = "owner"
	}
	_, err = tx.Exec(ctx, `INSERT INTO sentry_organizationmember (organization_id, user_id, role)
		SELECT id, $1, $2 FROM sentry_organization ORDER BY id LIMIT 1`, id, role)
	return err
}

// Login returns the account that name and password open.
func (d *DB) Login(ctx context.Context, name, password string) (User, error) {
	var u User
	var stored string
	err := d.one(ctx, "SELECT id, email, is_superuser, password FROM auth_user WHERE lower(username) = lower($1) AND is_active", []any{name},
		&u.ID, &u.Email, &u.Superuser, &stored)
	if err != nil {
		return User{}, err
	}
	if !matches(stored, password) {
		return User{}, ErrNotFound
	}
	_, err = d.exec(ctx, "UPDATE auth_user SET last_login = now(), last_active = now() WHERE id = $1", u.ID)
	return u, err
}

// ByID returns an active account.
func (d *DB) ByID(ctx context.Context, id int64) (User, error) {
	u := User{ID: id}
	err := d.one(ctx, "SELECT email, is_superuser FROM auth_user WHERE id = $1 AND is_active", []any{id}, &u.Email, &u.Superuser)
	return u, err
}

// ByToken returns the account of an API token, which newer versions store
// hashed too. The column with the hash exists from 24.8.0 on only.
func (d *DB) ByToken(ctx context.Context, token string) (User, error) {
	var u User
	const query = `SELECT u.id, u.email, u.is_superuser FROM sentry_apitoken t JOIN auth_user u ON u.id = t.user_id
		WHERE u.is_active AND (t.expires_at IS NULL OR t.expires_at > now())
		AND (t.token = $1 OR to_jsonb(t) ->> 'hashed_token' = $2)`
	sum := sha256.Sum256([]byte(token))
	err := d.one(ctx, query, []any{token, hex.EncodeToString(sum[:])}, &u.ID, &u.Email, &u.Superuser)
	return u, err
}

// rounds is far below Django's default: an installer's test of many users
// should not spend its time here, and the number stands in each hash.
const rounds = 10000

// hash writes a password as Django does; an empty one matches nothing.
func hash(password string) string {
	if password == "" {
		return "!" + NewKey()
	}
	salt := NewKey()[:22]
	return strings.Join([]string{"pbkdf2_sha256", strconv.Itoa(rounds), salt, derive(password, salt, rounds)}, "$")
}

func derive(password, salt string, rounds int) string {
	key, err := pbkdf2.Key(sha256.New, password, []byte(salt), rounds, sha256.Size)
	if err != nil {
		return "" // only for key sizes that we do not ask for
	}
	return base64.StdEncoding.EncodeToString(key)
}

func matches(stored, password string) bool {
	parts := strings.Split(stored, "$")
	if len(parts) != 4 || parts[0] != "pbkdf2_sha256" {
		return false
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n < 1 {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(derive(password, parts[2], n)), []byte(parts[3])) == 1
}
