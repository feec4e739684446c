package config

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config/option"
)

// Validate finds what is wrong with answers for release v: each value against
// its type, values against each other, and what the release does not have.
// Findings of severity Err stop an install; Refuse makes one error of them.
func Validate(a Answers, v calver.Version) []Finding {
	c := &checker{a: a, v: v}
	for _, check := range []func(){c.types, c.profile, c.address, c.mail, c.groups, c.versions, c.options} {
		check()
	}
	return c.found
}

// Refuse returns one error of code fault.Usage for the findings of severity
// Err, nil when there is none. doing says what was being done.
func Refuse(found []Finding, doing string) error { return findings(found).err(doing) }

type checker struct {
	a     Answers
	v     calver.Version
	found findings
}

func (c *checker) bad(id, key, hint, format string, args ...any) {
	c.found = append(c.found, Finding{ID: id, Severity: Err, Key: key, Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (c *checker) warn(id, key, hint, format string, args ...any) {
	c.found = append(c.found, Finding{ID: id, Severity: Warn, Key: key, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// types checks each answer by itself, as reading a file does: answers of a
// wizard have not been through that.
func (c *checker) types() {
	for _, f := range fields() {
		v := f.get(&c.a)
		if v == nil || f.Key == "schema" {
			continue
		}
		if s, ok := v.(Secret); ok {
			if v = s.Reveal(); v == "" {
				continue // a reference that leads nowhere: Render looks in the site's files
			}
		}
		if _, err := f.Check(v); err != nil {
			c.bad("wrong-value", f.Key, "", "%s: %v", f.Key, err)
		}
	}
}

// Port returns the port of Bind, 0 when it has none.
func (a Answers) Port() int {
	var port int
	_, _ = fmt.Sscanf(a.Bind[strings.LastIndexByte(a.Bind, ':')+1:], "%d", &port)
	return port
}

func (c *checker) has(since string) bool {
	return c.v.IsZero() || !c.v.Less(calver.MustParse(since))
}

func (c *checker) profile() {
	switch {
	case c.a.Profile == "" || c.has("24.7.1"):
	case c.a.Profile == ErrorsOnly:
		c.bad("profile-unknown", "profile", "Leave the profile out, or install 24.7.1 or newer", "release %s has no profiles", c.v)
	}
}

func (c *checker) address() {
	u, err := url.Parse(c.a.URL)
	if c.a.URL == "" || err != nil {
		return
	}
	switch {
	case u.Scheme == "https" && c.a.Port() == 443:
		c.warn("tls-on-own-port", "bind", "Let a proxy with the certificate listen on 443 and bind Sentry to 127.0.0.1:9000",
			"Sentry itself speaks plain http on port 443, while the URL says https")
	case u.Scheme == "http" && c.a.Port() > 0 && u.Port() != fmt.Sprint(c.a.Port()) && !(u.Port() == "" && c.a.Port() == 80):
		c.warn("url-and-bind", "url", "Give the URL that a browser uses; with a proxy in front this is right",
			"the URL's port is not the one that Sentry listens on")
	}
}

func (c *checker) mail() {
	m := c.a.Mail
	own := m.Host == "" || m.Host == "smtp" // the release's own mail server
	switch {
	case m.UseTLS && m.UseSSL:
		c.bad("mail-tls-and-ssl", "mail.use_ssl", "Keep use_tls for port 587, use_ssl for port 465", "mail.use_tls and mail.use_ssl exclude each other")
	case m.UseTLS && m.Port == 465, m.UseSSL && m.Port == 587:
		c.warn("mail-port", "mail.port", "Use port 587 with use_tls, port 465 with use_ssl", "port %d is unusual with that encryption", m.Port)
	}
	if !m.Password.IsZero() && m.Username == "" {
		c.bad("mail-login", "mail.username", "Set mail.username", "mail.password is given without mail.username")
	}
	if m.Username != "" && m.Password.IsZero() {
		c.warn("mail-login", "mail.password", "Set mail.password", "mail.username is given without mail.password")
	}
	if own && (m.Username != "" || m.UseTLS || m.UseSSL) {
		c.warn("mail-own-server", "mail.host", "Set mail.host", "login and encryption are meant for another mail server, but none is named")
	}
	if m.Domain != "" && m.From != "" && !strings.Contains(m.From, "@"+m.Domain) {
		c.warn("mail-from", "mail.from", "Use one domain for both", "mail.from is not of mail.domain (SENTRY_MAIL_HOST): receivers may take mail for spam")
	}
}

// groups checks answers that only make sense together.
func (c *checker) groups() {
	g := c.a.GeoIP
	if (g.Account == "") != g.License.IsZero() {
		c.bad("geoip-account", "geoip", "Give geoip.account and geoip.license, or neither", "geoip needs both the account and the license")
	}
	if c.a.AirGap && (c.a.Beacon == "full" || c.a.Beacon == "anonymous") {
		c.bad("beacon-in-air-gap", "beacon", "Set beacon to off, or air_gap to false", "air_gap forbids the requests that beacon makes")
	}
	if !c.a.Admin.Password.IsZero() && c.a.Admin.Email == "" {
		c.bad("admin-email", "admin.email", "Set admin.email", "admin.password is given without admin.email")
	}
	if c.a.JSSDKAssets && c.a.URL == "" {
		c.warn("js-sdk-url", "url", "Set url", "without a URL the browser SDK's loader goes on fetching from Sentry's CDN")
	}
	p := c.a.Proxy
	if p.NoProxy != "" && p.HTTP == "" && p.HTTPS == "" {
		c.warn("no-proxy-alone", "proxy.no_proxy", "Set proxy.http or proxy.https", "no_proxy does nothing without a proxy")
	}
}

// versions checks what came with a release.
func (c *checker) versions() {
	for _, f := range []struct {
		key, since string
		given      bool
	}{
		{"bind", "20.9.0", c.a.Bind != "" && c.a.Bind != "9000"},
		{"mail.domain", "21.9.0", c.a.Mail.Domain != ""},
		{"js_sdk_assets", "24.10.0", c.a.JSSDKAssets},
	} {
		if f.given && !c.has(f.since) {
			c.warn("not-in-release", f.key, "Leave it out", "%s does nothing in release %s: it came with %s", f.key, c.v, f.since)
		}
	}
}

// options checks the registry's options: known, of their type, in the release.
func (c *checker) options() {
	reg, err := option.Load()
	if err != nil {
		c.bad("registry", "options", "", "load the option registry: %v", err)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(c.a.Options)) {
		o, ok := reg.Get(key)
		if !ok {
			c.bad("unknown-key", key, "List the known keys with: sentryctl config list --all", "unknown key %q", key)
			continue
		}
		v := c.a.Options[key]
		if s, ok := v.(Secret); ok {
			v = s.Reveal()
		}
		if _, err := o.Check(v); v != "" && err != nil {
			c.bad("wrong-value", key, "", "%s: %v", key, err)
		}
		if !c.v.IsZero() && !o.Contains(c.v) {
			c.warn("not-in-release", key, "Leave it out", "%s does nothing in release %s: it is there in %s", key, c.v, o.Range)
		}
	}
	c.exclusive()
}

// exclusive checks options that exclude each other.
func (c *checker) exclusive() {
	for _, pair := range [][2]string{{"mail.use-tls", "mail.use-ssl"}} {
		a, _ := c.a.Options[pair[0]].(bool)
		b, _ := c.a.Options[pair[1]].(bool)
		if a && b {
			c.bad("exclusive", pair[1], "Keep one of them", "%s and %s exclude each other", pair[0], pair[1])
		}
	}
}
