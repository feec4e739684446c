package wizard

import (
	"context"
	"errors"

	"github.com/sentryctl/sentryctl/internal/config"
)

// preset is what a provider's documentation says of its SMTP service.
type preset struct {
	name, label, host, port, user, about string
}

func presets() []preset {
	return []preset{
		{"sendgrid", "SendGrid", "smtp.sendgrid.net", "587", "apikey", "User name is the word apikey, password an API key with the right Mail Send."},
		{"ses", "Amazon SES", "email-smtp.us-east-1.amazonaws.com", "587", "", "Put your region into the host name. User name and password are SMTP credentials made in the SES console, not an access key."},
		{"mailgun", "Mailgun", "smtp.mailgun.org", "587", "", "User name is postmaster@ and your Mailgun domain. For a domain in the EU the host is smtp.eu.mailgun.org."},
		{"postmark", "Postmark", "smtp.postmarkapp.com", "587", "", "User name and password are both the server's API token. The sender must be a confirmed signature."},
		{"gmail", "Gmail or Google Workspace", "smtp.gmail.com", "587", "", "User name is the address, password an app password, which needs 2-step verification. Google limits messages per day."},
		{"other", "Another mail server", "", "587", "", "Ask whoever runs the server for its name, port and encryption."},
	}
}

func presetOf(name string) preset {
	for _, p := range presets() {
		if p.name == name {
			return p
		}
	}
	return preset{}
}

func mailPage() page {
	var providers []choice
	for _, p := range presets() {
		providers = append(providers, choice{p.name, p.label})
	}
	sends := is("mail.way", "builtin", "server")
	return page{
		id: "mail", title: "Mail",
		questions: []question{
			question{id: "mail.way", label: "How mail leaves", help: "Sentry sends alerts, invitations and password resets. The built-in server delivers by itself, which many receivers take for spam unless DNS knows this host; a provider is safer."}.of(
				choice{"builtin", "The built-in mail server"},
				choice{"server", "A provider or another mail server"},
				choice{"console", "Not at all: write it to the log"},
				choice{"none", "Not at all: drop it"},
			),
			question{id: "mail.preset", label: "Provider", help: "Fills in server, port and encryption on the next page, where you can change them."}.of(providers...).when(is("mail.way", "server")),
			keyed("mail.domain", "Mail domain", "Host name that the built-in server calls itself and that senders are made from. It should have an address in DNS, and SPF for this host.").
				like("sentry.example.com").when(both(is("mail.way", "builtin"), versionHas("21.9.0"))),
			keyed("mail.from", "Sender", "Sender of every mail. With a provider it must be an address or a domain that the provider has confirmed.").
				like("Sentry <sentry@example.com>").when(sends),
		},
	}
}

func mailServerPage() page {
	return page{
		id: "mail-server", title: "Mail server or provider",
		shown: is("mail.way", "server"),
		questions: []question{
			keyed("mail.host", "Mail server", "Name of the mail server.").like("smtp.example.com").checked(func(_ *draft, v string) error {
				if v == "" {
					return errors.New("give the name of the mail server")
				}
				return nil
			}),
			keyed("mail.port", "Mail port", "587 with STARTTLS, 465 with TLS from the first byte, 25 without encryption.").or("25"),
			question{id: "mail.encryption", label: "Encryption", help: "Must fit the port. Without encryption, user name and password can be read on the way."}.of(
				choice{"starttls", "STARTTLS (port 587)"},
				choice{"tls", "TLS from the first byte (port 465)"},
				choice{"none", "None"},
			),
			keyed("mail.username", "Mail user name", "Login at the mail server. Empty for a server that asks for none."),
			keyed("mail.password", "Mail password", "Password or key at the mail server. It goes into config.yml, which only root and the containers can read.").
				checked(func(d *draft, v string) error {
					if v != "" && d.get("mail.username") == "" {
						return errors.New("a password needs a user name")
					}
					return nil
				}),
			question{id: "mail.test.to", label: "Test message to", help: "Address that gets the test message. Empty for the first admin's."}.
				checked(func(_ *draft, v string) error {
					if v == "" {
						return nil
					}
					return keyed("admin.email", "", "").verify(nil, v)
				}).when(tests).asides(),
			{
				id: "mail.test", kind: action, label: "Send a test", shown: tests,
				help: "Sends one message with these settings from this host, now.",
				run: func(ctx context.Context, d *draft) (string, error) {
					to := d.testTo()
					if to == "" {
						return "", errors.New("give an address for the test message")
					}
					a, err := d.answers()
					if err != nil {
						return "", err
					}
					if err := d.in.Checks.TestMail(ctx, a.Mail, to); err != nil {
						return "", err
					}
					return "the server took the message to " + to, nil
				},
			},
		},
		note: func(d *draft) []string {
			if about := presetOf(d.get("mail.preset")).about; about != "" {
				return []string{about}
			}
			return nil
		},
	}
}

func tests(d *draft) bool { return d.in.Checks.TestMail != nil && d.get("mail.host") != "" }

func (d *draft) testTo() string {
	if to := d.get("mail.test.to"); to != "" {
		return to
	}
	return d.get("admin.email")
}

func (d *draft) loadMail() {
	m := d.in.Answers.Mail
	way, encryption := "builtin", "none"
	switch {
	case m.Backend == "console":
		way = "console"
	case m.Backend == "dummy":
		way = "none"
	case m.Host != "" && m.Host != "smtp":
		way = "server"
	}
	switch {
	case m.UseSSL:
		encryption = "tls"
	case m.UseTLS || m.Host == "":
		encryption = "starttls"
	}
	preset := "sendgrid"
	if m.Host != "" {
		preset = "other"
		for _, p := range presets() {
			if p.host == m.Host {
				preset = p.name
			}
		}
	}
	d.first["mail.way"], d.first["mail.encryption"] = way, encryption
	d.values["mail.way"], d.values["mail.encryption"], d.values["mail.preset"] = way, encryption, preset
	if m.Host == "" {
		d.followPreset()
	}
}

// followPreset fills in what the provider says.
func (d *draft) followPreset() {
	p := presetOf(d.get("mail.preset"))
	d.values["mail.host"], d.values["mail.port"], d.values["mail.username"] = p.host, p.port, p.user
	d.values["mail.encryption"] = "starttls"
}

// mailAnswers settles which server and which encryption the way means.
func (d *draft) mailAnswers(a config.Answers) config.Answers {
	way := d.get("mail.way")
	was := d.first["mail.way"]
	switch {
	case way == "console":
		a.Mail.Backend = "console"
	case way == "none":
		a.Mail.Backend = "dummy"
	case was == "console" || was == "none":
		a.Mail.Backend = "" // the release's own is smtp
	}
	switch {
	case way == "server" && (was != "server" || d.get("mail.encryption") != d.first["mail.encryption"]):
		a.Mail.UseTLS, a.Mail.UseSSL = d.get("mail.encryption") == "starttls", d.get("mail.encryption") == "tls"
	case way == "builtin" && a.Mail.Host != "" && a.Mail.Host != "smtp":
		a.Mail.Host, a.Mail.Port, a.Mail.Username, a.Mail.Password = "", 0, "", config.Secret{}
		a.Mail.UseTLS, a.Mail.UseSSL = false, false
	}
	return a
}
