package wizard

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/config"
)

func signOnPage() page {
	return page{
		id: "sign-on", title: "Sign-on with Google and GitHub", more: true,
		questions: []question{
			keyed("auth-google.client-id", "Google client ID", "Of an OAuth client of type web application, from the Google Cloud console. Empty: no sign-on with Google."),
			keyed("auth-google.client-secret", "Google client secret", "The secret of that client."),
			keyed("github-app.id", "GitHub App ID", "Number of a GitHub App of yours. It gives sign-on, commits, suspect commits and issues. Empty: no GitHub."),
			keyed("github-app.name", "GitHub App name", "As it stands in the app's address, github.com/apps/NAME."),
			keyed("github-app.client-id", "GitHub client ID", "Client ID on the app's page."),
			keyed("github-app.client-secret", "GitHub client secret", "A client secret made on the app's page."),
			keyed("github-app.webhook-secret", "GitHub webhook secret", "The word with which GitHub signs its calls; you choose it."),
			question{id: "github-app.key-file", label: "GitHub private key", help: "Path of the .pem file that GitHub gave you. Its content goes into config.yml; the record keeps the path."}.
				like("/root/app.private-key.pem").checked(checkFile),
		},
		note: func(d *draft) []string {
			u := d.publicURL()
			return []string{
				"To register there, below " + u,
				row("Redirect, both", "/auth/sso/"),
				row("GitHub setup, webhook", "/extensions/github/setup/, …/webhook/"),
				"SAML2 (Okta, Azure AD, …) is set up in Sentry itself: Settings > Auth.",
			}
		},
	}
}

func checkFile(_ *draft, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return errors.New("there is no such file that can be read")
	case info.IsDir():
		return errors.New("this is a directory")
	}
	return nil
}

// publicURL is the address to register at others.
func (d *draft) publicURL() string {
	if u := d.get("url"); u != "" {
		return u
	}
	return "https://YOUR-SENTRY"
}

// signOnAnswers takes the private key by reference to its file.
func (d *draft) signOnAnswers(a config.Answers) (config.Answers, error) {
	path := d.get("github-app.key-file")
	if path == "" || d.get("much") == "quick" {
		return a, nil
	}
	return a.WithSecretFile("github-app.private-key", path)
}

func integrationsPage() page {
	return page{
		id: "integrations", title: "Slack and Discord", more: true,
		questions: []question{
			keyed("slack.client-id", "Slack client ID", "Of a Slack app of yours, from api.slack.com/apps. Empty: no Slack."),
			keyed("slack.client-secret", "Slack client secret", "The client secret on the same page."),
			keyed("slack.signing-secret", "Slack signing secret", "The secret with which Slack signs its calls.").when(has("slack.signing-secret")),
			keyed("discord.application-id", "Discord application", "Application ID, from discord.com/developers. Empty: no Discord.").when(has("discord.application-id")),
			keyed("discord.public-key", "Discord public key", "Public key on the same page.").when(has("discord.application-id")),
			keyed("discord.client-secret", "Discord client secret", "Client secret on the OAuth2 page.").when(has("discord.application-id")),
			keyed("discord.bot-token", "Discord bot token", "Token on the Bot page.").when(has("discord.application-id")),
		},
		note: func(d *draft) []string {
			u := d.publicURL()
			notes := []string{
				"To register there, below " + u,
				row("Slack redirect", "/extensions/slack/setup/"),
				row("Slack interactivity", "/extensions/slack/action/"),
			}
			if has("discord.application-id")(d) {
				notes = append(notes, row("Discord redirect", "/extensions/discord/setup/"),
					row("Discord interactions", "/extensions/discord/interactions/"))
			}
			return notes
		},
	}
}

func geoIPPage() page {
	return page{
		id: "geoip", title: "Locations of IP addresses", more: true,
		questions: []question{
			keyed("geoip.account", "MaxMind account ID", "Number of a free GeoLite2 account. With it Sentry shows where events come from. Empty: without locations."),
			keyed("geoip.license", "MaxMind license key", "A license key of that account. It goes into geoip/GeoIP.conf, which only root can read.").
				checked(func(d *draft, v string) error {
					given := v != "" || d.keeps(keyed("geoip.license", "", ""))
					switch {
					case d.get("geoip.account") != "" && !given:
						return errors.New("the account needs its license key")
					case d.get("geoip.account") == "" && v != "":
						return errors.New("a license key needs its account ID")
					}
					return nil
				}),
		},
	}
}

func networkPage() page {
	return page{
		id: "network", title: "Certificates and outbound proxy", more: true,
		questions: []question{
			keyed("custom_ca", "Own authorities", "Directory with *.crt files of certificate authorities that Sentry shall trust, such as your company's own. Empty: the public ones.").
				like("/etc/ssl/company").checked(checkCA),
			keyed("proxy.http", "Proxy for http", "Outbound proxy of the containers. Without user name and password: others can read them.").like("http://proxy.example.com:3128"),
			keyed("proxy.https", "Proxy for https", "Mostly the same address as above, with http:// too.").like("http://proxy.example.com:3128"),
			keyed("proxy.no_proxy", "Without the proxy", "Hosts that are reached directly, separated by commas. The services of Sentry itself need not stand here.").like("localhost,.example.com").
				checked(func(d *draft, v string) error {
					if v != "" && d.get("proxy.http") == "" && d.get("proxy.https") == "" {
						return errors.New("does nothing without a proxy")
					}
					return nil
				}),
		},
	}
}

func checkCA(_ *draft, dir string) error {
	if dir == "" {
		return nil
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.crt"))
	if err != nil || len(found) == 0 {
		return fmt.Errorf("no *.crt file in %s", dir)
	}
	return nil
}
