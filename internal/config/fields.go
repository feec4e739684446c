package config

import (
	"strings"

	"github.com/sentryctl/sentryctl/internal/config/option"
)

// field is one entry of the answers that is no registry key: its path, type
// and meaning, and where its value lies. Reading, checking, the schema and the
// environment all go by this one list.
type field struct {
	option.Option
	at func(*Answers) any // *string, *int, *bool or *Secret
}

// fields returns every field, in the order in which the schema shows them.
func fields() []field {
	f := func(path string, t option.Type, about string, at func(*Answers) any, values ...string) field {
		_, secret := at(new(Answers)).(*Secret)
		return field{option.Option{Key: path, Type: t, About: about, Values: values, Secret: secret}, at}
	}
	return []field{
		f("schema", option.Int, "Version of this file's format.", func(a *Answers) any { return &a.Schema }),
		f("profile", option.Enum, "Which part of Sentry runs: everything, or error monitoring alone (24.7.1 and newer).",
			func(a *Answers) any { return &a.Profile }, FeatureComplete, ErrorsOnly),
		f("bind", option.Bind, "Port, or address and port, that the front door listens on.", func(a *Answers) any { return &a.Bind }),
		f("url", option.Origin, "Address of this Sentry as a browser sees it; https:// means that a proxy in front ends TLS.",
			func(a *Answers) any { return &a.URL }),
		f("admin.email", option.Email, "Login of the first superuser.", func(a *Answers) any { return &a.Admin.Email }),
		f("admin.password", option.String, "Password of the first superuser; made up when absent.", func(a *Answers) any { return &a.Admin.Password }),
		f("mail.backend", option.Enum, "How mail leaves: smtp, console (into the log) or dummy (nowhere).",
			func(a *Answers) any { return &a.Mail.Backend }, "smtp", "console", "dummy"),
		f("mail.domain", option.Host, "Host name that the built-in mail server sends as.", func(a *Answers) any { return &a.Mail.Domain }),
		f("mail.from", option.Mailbox, "Sender of every mail.", func(a *Answers) any { return &a.Mail.From }),
		f("mail.list_namespace", option.Host, "Domain in the List-Id header of mails.", func(a *Answers) any { return &a.Mail.ListNamespace }),
		f("mail.host", option.Host, "Mail server to hand mail to instead of the built-in one.", func(a *Answers) any { return &a.Mail.Host }),
		f("mail.port", option.Port, "Port of the mail server.", func(a *Answers) any { return &a.Mail.Port }),
		f("mail.username", option.String, "Login at the mail server.", func(a *Answers) any { return &a.Mail.Username }),
		f("mail.password", option.String, "Password at the mail server.", func(a *Answers) any { return &a.Mail.Password }),
		f("mail.use_tls", option.Bool, "Use STARTTLS (usually port 587).", func(a *Answers) any { return &a.Mail.UseTLS }),
		f("mail.use_ssl", option.Bool, "Use TLS from the first byte (usually port 465).", func(a *Answers) any { return &a.Mail.UseSSL }),
		f("geoip.account", option.String, "MaxMind account ID, to fetch the location database.", func(a *Answers) any { return &a.GeoIP.Account }),
		f("geoip.license", option.String, "MaxMind license key.", func(a *Answers) any { return &a.GeoIP.License }),
		f("js_sdk_assets", option.Bool, "Serve the browser SDK's bundles from this site (24.10.0 and newer).", func(a *Answers) any { return &a.JSSDKAssets }),
		f("custom_ca", option.Path, "Directory of *.crt files of certificate authorities to trust.", func(a *Answers) any { return &a.CustomCA }),
		f("proxy.http", option.URL, "Outbound proxy for http.", func(a *Answers) any { return &a.Proxy.HTTP }),
		f("proxy.https", option.URL, "Outbound proxy for https.", func(a *Answers) any { return &a.Proxy.HTTPS }),
		f("proxy.no_proxy", option.String, "Hosts reached without the proxy, separated by commas.", func(a *Answers) any { return &a.Proxy.NoProxy }),
		f("air_gap", option.Bool, "Make no request to the Internet.", func(a *Answers) any { return &a.AirGap }),
		f("beacon", option.Enum, "Usage statistics sent to Sentry: full, anonymous or off.",
			func(a *Answers) any { return &a.Beacon }, "full", "anonymous", "off"),
		f("retention_days", option.Days, "Days that events are kept.", func(a *Answers) any { return &a.RetentionDays }),
	}
}

// get returns the field's value, nil when the answers say nothing.
func (f field) get(a *Answers) any {
	switch p := f.at(a).(type) {
	case *string:
		return orNil(*p)
	case *int:
		return orNil(*p)
	case *bool:
		return orNil(*p)
	case *Secret:
		return orNil(*p)
	}
	return nil
}

func orNil[T comparable](v T) any {
	if v == *new(T) {
		return nil
	}
	return v
}

// set puts a checked value into the field.
func (f field) set(a *Answers, v any) {
	switch p := f.at(a).(type) {
	case *string:
		*p = v.(string)
	case *int:
		*p = v.(int)
	case *bool:
		*p = v.(bool)
	case *Secret:
		*p = v.(Secret)
	}
}

// envPrefix begins the variables that answers are read from.
const envPrefix = "SENTRYCTL_"

// envName returns the variable that sets the answer or option named key.
func envName(key string) string {
	return envPrefix + strings.NewReplacer(".", "_", "-", "_", "/", "_").Replace(strings.ToUpper(key))
}
