// Package geoip brings MaxMind's location databases up to date, with the
// account that stands in a GeoIP.conf, as the geoipupdate tool does.
package geoip

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"github.com/maxmind/geoipupdate/v7/client"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Account is what a GeoIP.conf says. The license key never stands in an error.
type Account struct {
	ID       int
	License  string
	Editions []string
	Endpoint string
}

// Updater fetches databases.
type Updater struct{}

// Update brings each edition that the file conf names up to date in dir, as
// <edition>.mmdb. An edition that has not changed is not fetched again.
func (Updater) Update(ctx context.Context, conf, dir string) error {
	data, err := os.ReadFile(conf)
	if err != nil {
		return fmt.Errorf("read GeoIP account: %w", err)
	}
	account, err := ParseAccount(data)
	if err != nil {
		return fmt.Errorf("%s: %w", conf, err)
	}
	opts := []client.Option{client.WithHTTPClient(&http.Client{Timeout: 10 * time.Minute})}
	if account.Endpoint != "" {
		opts = append(opts, client.WithEndpoint(account.Endpoint))
	}
	c, err := client.New(account.ID, account.License, opts...)
	if err != nil {
		return errors.New("AccountID or LicenseKey is missing in " + conf)
	}
	for _, edition := range account.Editions {
		if err := update(ctx, c, edition, filepath.Join(dir, edition+".mmdb")); err != nil {
			return fmt.Errorf("update %s: %w", edition, explain(err))
		}
	}
	return nil
}

// ParseAccount reads a GeoIP.conf: one "Key value" a line, # for comments.
func ParseAccount(data []byte) (Account, error) {
	a := Account{Editions: []string{"GeoLite2-City"}}
	sc := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; sc.Scan(); n++ {
		line, _, _ := strings.Cut(sc.Text(), "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch value := words[1]; words[0] {
		case "AccountID", "UserId":
			id, err := strconv.Atoi(value)
			if err != nil {
				return Account{}, fmt.Errorf("line %d: AccountID is no number", n)
			}
			a.ID = id
		case "LicenseKey":
			a.License = value
		case "EditionIDs", "ProductIds":
			a.Editions = words[1:]
		case "Host":
			a.Endpoint = value
			if !strings.Contains(value, "://") {
				a.Endpoint = "https://" + value
			}
		}
	}
	return a, sc.Err()
}

func update(ctx context.Context, c client.Client, edition, path string) error {
	have, err := sumOf(path)
	if err != nil {
		return err
	}
	res, err := c.Download(ctx, edition, have)
	if err != nil {
		return err
	}
	defer res.Reader.Close()
	if !res.UpdateAvailable {
		return nil
	}
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o644))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	sum := md5.New() // what MaxMind publishes; it guards against a torn download only
	if _, err := io.Copy(io.MultiWriter(f, sum), res.Reader); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != res.MD5 {
		return fault.New(fault.Integrity, "Run the same command again", "the download has MD5 %s, MaxMind names %s", got, res.MD5)
	}
	return f.CloseAtomicallyReplace()
}

// sumOf returns the MD5 of a file in hexadecimal, "" when it is not there.
func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := md5.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// explain says in words what MaxMind's status codes mean.
func explain(err error) error {
	var status client.HTTPError
	var unreached *url.Error
	switch {
	case errors.As(err, &status):
	case errors.As(err, &unreached):
		return fault.New(fault.Other, "Open the way to MaxMind (DNS, firewall, HTTPS_PROXY), then run the same command again", "reach MaxMind: %w", unreached.Err)
	default:
		return err
	}
	switch status.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("MaxMind refuses the account ID or the license key (status %d)", status.StatusCode)
	case http.StatusTooManyRequests:
		return errors.New("MaxMind allows no more downloads today for this account (status 429)")
	default:
		return fmt.Errorf("MaxMind answered with status %d", status.StatusCode)
	}
}
