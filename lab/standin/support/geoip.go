package support

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// GeoIPUpdate is `geoipupdate -d DIR -f CONF`. An account is good when its
// number is not 0 and its key is not made of zeros, which is what MaxMind's
// sample file has. The databases it writes carry the marker of the format and
// no data.
func GeoIPUpdate(_ context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "v", "verbose", "o", "output", "V")
	dir := f.Or("d", f.Or("database-directory", "/usr/share/GeoIP"))
	path := f.Or("f", f.Or("config-file", p.Env("GEOIPUPDATE_CONF_FILE", "/etc/GeoIP.conf")))
	conf, err := readGeoConf(path)
	if err != nil {
		return proc.Exit(1, "error loading configuration: %v", err)
	}
	for name, variable := range map[string]string{"AccountID": "GEOIPUPDATE_ACCOUNT_ID", "LicenseKey": "GEOIPUPDATE_LICENSE_KEY", "EditionIDs": "GEOIPUPDATE_EDITION_IDS"} {
		if v := p.Getenv(variable); v != "" {
			conf[name] = v
		}
	}
	for _, needed := range []string{"AccountID", "LicenseKey", "EditionIDs"} {
		if conf[needed] == "" {
			return proc.Exit(1, "error loading configuration: the `%s` option is required", needed)
		}
	}
	if strings.Trim(conf["AccountID"], "0") == "" || strings.Trim(conf["LicenseKey"], "0") == "" {
		return proc.Exit(1, "error retrieving updates: unexpected HTTP status code: received HTTP status code: 401: Invalid account ID or license key")
	}
	for _, edition := range strings.Fields(conf["EditionIDs"]) {
		// The edition comes from a file of the admin: its name must stay in dir.
		target := filepath.Join(dir, filepath.Base(edition)+".mmdb")
		if err := os.WriteFile(target, emptyDatabase(edition), 0o644); err != nil {
			return fmt.Errorf("write database: %w", err)
		}
		p.Logf("updated %s", target)
	}
	return nil
}

func readGeoConf(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	conf := map[string]string{}
	for _, line := range strings.Split(string(data), "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" && !strings.HasPrefix(name, "#") {
			conf[name] = strings.TrimSpace(value)
		}
	}
	if conf["AccountID"] == "" {
		conf["AccountID"] = conf["UserId"] // before version 2.5
	}
	if conf["EditionIDs"] == "" {
		conf["EditionIDs"] = conf["ProductIds"]
	}
	return conf, nil
}

// emptyDatabase is a search tree without nodes, the separator, and metadata
// that names the edition: a map of one string.
func emptyDatabase(edition string) []byte {
	b := make([]byte, 16)
	b = append(b, "\xab\xcd\xefMaxMind.com"...)
	b = append(b, 0xe1)
	for _, s := range []string{"database_type", edition[:min(len(edition), 28)]} {
		b = append(b, 0x40|byte(len(s)))
		b = append(b, s...)
	}
	return b
}
