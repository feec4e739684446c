package config

import (
	"fmt"
	"strings"
)

// geoip renders the configuration of MaxMind's geoipupdate, when the account is
// given. Its format: https://github.com/maxmind/geoipupdate/blob/main/doc/GeoIP.conf.md
func (r *renderer) geoip() error {
	g := r.Answers.GeoIP
	if g.Account == "" || g.License.Reveal() == "" {
		return nil
	}
	disk, found, err := read(r.Disk, geoipPath)
	if err != nil {
		return err
	}
	text := string(disk)
	if !found {
		if text, err = head("GeoIP.conf.tmpl"); err != nil {
			return err
		}
	}
	for _, kv := range [][2]string{{"AccountID", g.Account}, {"LicenseKey", g.License.Reveal()}} {
		text = setDirective(text, kv[0], kv[1])
	}
	if !hasDirective(text, "EditionIDs") {
		text = setDirective(text, "EditionIDs", "GeoLite2-City")
	}
	r.put(geoipPath, secretMode, []byte(text))
	return nil
}

func hasDirective(text, name string) bool {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == name {
			return true
		}
	}
	return false
}

// setDirective gives the line "name value" its value, or adds the line.
func setDirective(text, name, value string) string {
	var b strings.Builder
	done := false
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == name {
			if !done {
				fmt.Fprintf(&b, "%s %s\n", name, value)
			}
			done = true
			continue
		}
		b.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	if !done {
		fmt.Fprintf(&b, "%s %s\n", name, value)
	}
	return b.String()
}
