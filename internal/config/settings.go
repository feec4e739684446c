package config

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config/option"
)

// settings are the answers, sorted by the file that each is written to.
type settings struct {
	env   map[string]string // of .env.custom
	yml   map[string]any    // of config.yml
	conf  map[string]any    // of sentry.conf.py: see assignment
	relay map[string]any    // of relay/config.yml, dotted
}

// since24_1 begins with Django 4, whose CSRF_TRUSTED_ORIGINS are whole origins.
const since24_1 = "24.1.0"

// settle turns answers into settings of the files. Options come last: an
// answer and an option never set the same thing (see reader.find).
func settle(in RenderInput, reg *option.Registry) settings {
	s := settings{env: map[string]string{}, yml: map[string]any{}, conf: map[string]any{}, relay: map[string]any{}}
	a, has := in.Answers, func(since string) bool { return !in.Version.Less(calver.MustParse(since)) }
	s.address(a, has)
	s.mail(a.Mail, has)
	s.network(a, has)
	setText(s.env, "COMPOSE_PROFILES", a.Profile, has("24.7.1"))
	if a.RetentionDays > 0 {
		s.env["SENTRY_EVENT_RETENTION_DAYS"] = strconv.Itoa(a.RetentionDays)
	}
	if a.Admin.Email != "" {
		s.yml["system.admin-email"] = a.Admin.Email
	}
	if a.JSSDKAssets && has("24.10.0") {
		s.env["SETUP_JS_SDK_ASSETS"] = "1"
		if a.URL != "" {
			s.conf["JS_SDK_LOADER_DEFAULT_SDK_URL"] = a.URL + "/js-sdk/%s/bundle%s.min.js"
		}
	}
	setText(s.env, "SETUP_CUSTOM_CA_CERTIFICATE", "1", a.CustomCA != "" && has("26.4.0"))
	s.options(a.Options, in.Version, reg)
	return s
}

func setText(m map[string]string, key, value string, ok bool) {
	if ok && value != "" {
		m[key] = value
	}
}

// address sets where Sentry listens and what it is called from outside. A URL
// of https means a proxy that ends TLS in front of us, and says so to Django.
func (s *settings) address(a Answers, has func(string) bool) {
	setText(s.env, "SENTRY_BIND", a.Bind, has("20.9.0"))
	if a.URL == "" {
		return
	}
	s.yml["system.url-prefix"] = a.URL
	if has(since24_1) {
		s.conf["CSRF_TRUSTED_ORIGINS"] = []string{a.URL}
	}
	if strings.HasPrefix(a.URL, "https://") {
		s.conf["SECURE_PROXY_SSL_HEADER"] = []string{"HTTP_X_FORWARDED_PROTO", "https"}
		s.conf["USE_X_FORWARDED_HOST"] = true
		s.conf["SESSION_COOKIE_SECURE"] = true
		s.conf["CSRF_COOKIE_SECURE"] = true
		s.conf["SOCIAL_AUTH_REDIRECT_IS_HTTPS"] = true
	}
}

// mail sets how mail leaves. Sender and list are written to both files:
// sentry.conf.py derives them from SENTRY_MAIL_HOST, and which of the two
// files wins has changed over the releases.
func (s *settings) mail(m Mail, has func(string) bool) {
	setText(s.env, "SENTRY_MAIL_HOST", m.Domain, has("21.9.0"))
	for key, v := range map[string]any{
		"mail.backend": orNil(m.Backend), "mail.host": orNil(m.Host), "mail.port": orNil(m.Port),
		"mail.username": orNil(m.Username), "mail.password": orNil(m.Password.Reveal()),
		"mail.use-tls": orNil(m.UseTLS), "mail.use-ssl": orNil(m.UseSSL),
		"mail.from": orNil(m.From), "mail.list-namespace": orNil(m.ListNamespace),
	} {
		if v == nil {
			continue
		}
		s.yml[key] = v
		if key == "mail.from" || key == "mail.list-namespace" {
			s.conf["SENTRY_OPTIONS."+key] = v
		}
	}
}

// network sets what reaches out: proxy, usage statistics, air gap.
func (s *settings) network(a Answers, has func(string) bool) {
	for name, v := range map[string]string{"http_proxy": a.Proxy.HTTP, "https_proxy": a.Proxy.HTTPS, "no_proxy": a.Proxy.NoProxy} {
		setText(s.env, name, v, true)
		setText(s.env, strings.ToUpper(name), v, true)
	}
	switch a.Beacon {
	case "full", "anonymous":
		s.yml["beacon.anonymous"] = a.Beacon == "anonymous"
		s.conf["SENTRY_BEACON"] = true
	case "off":
		s.conf["SENTRY_BEACON"] = false
	}
	if a.AirGap {
		s.conf["SENTRY_BEACON"] = false
		s.conf["SENTRY_AIR_GAP"] = true
	}
}

// options sorts the registry's options by file; one that this release does not
// have is left out, and Validate says so.
func (s *settings) options(opts map[string]any, v calver.Version, reg *option.Registry) {
	for _, key := range slices.Sorted(maps.Keys(opts)) {
		o, ok := reg.Get(key)
		if !ok || !o.Contains(v) {
			continue
		}
		value := reveal(opts[key])
		switch o.File {
		case option.Env:
			s.env[key] = envText(value)
		case option.ConfigYML:
			s.yml[key] = value
		case option.ConfPy:
			s.conf[key] = value
		case option.RelayYML:
			s.relay[o.Name()] = value
		}
	}
}

// envText writes a value as upstream's scripts read it: 1 for true, nothing
// for false.
func envText(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "1"
		}
		return ""
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []string:
		return strings.Join(v, ",")
	case string:
		return v
	default:
		return ""
	}
}

// defaultURL is the address of a site that nobody gave a URL.
func defaultURL(bind, host string) string {
	if host == "" {
		host = "localhost"
	}
	port := "9000"
	if i := strings.LastIndexByte(bind, ':'); i >= 0 {
		address := strings.Trim(bind[:i], "[]")
		if ip := net.ParseIP(address); ip != nil && !ip.IsUnspecified() {
			host = address
		}
		port = bind[i+1:]
	} else if bind != "" {
		port = bind
	}
	if port == "80" {
		return "http://" + strings.TrimSuffix(net.JoinHostPort(host, ""), ":")
	}
	return "http://" + net.JoinHostPort(host, port)
}
