package config

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/calver"
)

func writeTo(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// store writes answers into a record and reads that record.
func store(t *testing.T, a Answers, own string) (text string, again Answers) {
	t.Helper()
	kept, err := Keep(a, own, writeTo)
	if err != nil {
		t.Fatal(err)
	}
	var node yaml.Node
	if err := node.Encode(kept); err != nil {
		t.Fatal(err)
	}
	b, err := yaml.Marshal(&node)
	if err != nil {
		t.Fatal(err)
	}
	again, err = Recorded(node, own, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), again
}

func TestKeptSecretsComeBackFromTheRecord(t *testing.T) {
	own, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "mine")
	if err := writeTo(elsewhere, []byte("theirs\n")); err != nil {
		t.Fatal(err)
	}
	given := Answers{
		Admin: Admin{Email: "a@example.com", Password: NewSecret("typed")},
		Mail:  Mail{Username: "u", Password: Secret{value: "theirs", File: elsewhere}},
		GeoIP: GeoIP{Account: "1", License: Secret{value: "from-env", Env: "NAME"}},
		Options: map[string]any{
			"github-app.private-key": NewSecret("-----BEGIN\nx\n"), "slack.client-id": "12",
			"filestore.options": map[string]any{"access_key": "AK", "secret_key": NewSecret("within")},
		},
	}
	text, again := store(t, given, own)
	want := `admin:
    email: a@example.com
    password:
        file: secrets/admin.password
mail:
    username: u
    password:
        file: ` + elsewhere + `
geoip:
    account: "1"
    license:
        file: secrets/geoip.license
options:
    filestore.options:
        access_key: AK
        secret_key:
            file: secrets/filestore.options.secret_key
    github-app.private-key:
        file: secrets/github-app.private-key
    slack.client-id: "12"
`
	if diff := cmp.Diff(text, want); diff != "" {
		t.Errorf("record (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(again.Secrets(), given.Secrets()); diff != "" {
		t.Errorf("values (-got +want):\n%s", diff)
	}
	if second, _ := store(t, again, own); second != want {
		t.Errorf("stored again: %s", second)
	}
	again.Admin.Password = Secret{}
	kept, _ := Keep(again, own, writeTo)
	got, err := Unreferenced(kept, own)
	if diff := cmp.Diff(got, []string{filepath.Join(own, "secrets", "admin.password")}); err != nil || diff != "" {
		t.Errorf("unreferenced: %v (-got +want):\n%s", err, diff)
	}
}

// The value of a secret whose file is gone stands in the site's files.
func TestLostSecretIsTakenFromTheSite(t *testing.T) {
	own := t.TempDir()
	_, again := store(t, Answers{Options: map[string]any{"slack.client-secret": NewSecret("v1"), "SES_PASSWORD": NewSecret("v2")}}, own)
	in := RenderInput{Version: calver.MustParse("25.10.0"), Pristine: fstest.MapFS{}, Answers: again, SecretKey: "k",
		Disk: fstest.MapFS{"sentry/config.yml": {Data: []byte("slack.client-secret: v1\n")}, ".env.custom": {Data: []byte("SES_PASSWORD=v2\n")}}}
	want, _, err := Render(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(own, "secrets")); err != nil {
		t.Fatal(err)
	}
	text, lost := store(t, again, own)
	if err := os.RemoveAll(filepath.Join(own, "secrets")); err != nil {
		t.Fatal(err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil {
		t.Fatal(err)
	}
	if lost, err = Recorded(*node.Content[0], own, nil); err != nil || len(lost.Secrets()) != 0 {
		t.Fatalf("%v: %d secrets", err, len(lost.Secrets()))
	}
	in.Answers = lost
	got, _, err := Render(in)
	if diff := cmp.Diff(got, want); err != nil || diff != "" {
		t.Errorf("%v (-got +want):\n%s", err, diff)
	}
	in.Disk = fstest.MapFS{"sentry/config.yml": {Data: []byte("mail.host: x\n")}}
	if _, _, err := Render(in); err == nil {
		t.Error("rendered without the values of secrets")
	}
}
