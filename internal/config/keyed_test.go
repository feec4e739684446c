package config

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/calver"
)

func TestWith(t *testing.T) {
	cases := []struct {
		name, key, text string
		want            any
		bad             bool
	}{
		{"a field", "mail.host", "smtp.example.com", "smtp.example.com", false},
		{"a number", "retention_days", "30", 30, false},
		{"an option that a field stands for", "mail.use-tls", "true", true, false},
		{"a secret", "mail.password", "s3cr3t", NewSecret("s3cr3t"), false},
		{"an option", "slack.client-id", "12.34", "12.34", false},
		{"a number among the options", "github-app.id", "12", 12, false},
		{"nothing", "url", "", nil, false},
		{"a wrong type", "retention_days", "many", nil, true},
		{"an unknown key", "no.such", "1", nil, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Answers{}.With(c.key, c.text)
			if (err != nil) != c.bad {
				t.Fatalf("got %v, want an error: %v", err, c.bad)
			}
			if diff := cmp.Diff(got.Given(c.key), c.want, cmp.AllowUnexported(Secret{})); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			gone, err := got.With(c.key, "")
			if v := gone.Given(c.key); err == nil && v != nil {
				t.Errorf("taken away, %v is left", v)
			}
		})
	}
}

func TestWithLeavesTheOriginal(t *testing.T) {
	a := Answers{Options: map[string]any{"slack.client-id": "1"}}
	if _, err := a.With("discord.public-key", "2"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.Options, map[string]any{"slack.client-id": "1"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestSecretWithinAMapping(t *testing.T) {
	a := Answers{Options: map[string]any{
		"filestore.backend": "s3",
		"filestore.options": map[string]any{"bucket_name": "b", "access_key": "AK", "secret_key": NewSecret("s3cr3t")},
	}}
	if diff := cmp.Diff(a.Secrets(), []string{"s3cr3t"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	stored, err := yaml.Marshal(a)
	if err != nil || strings.Contains(string(stored)+fmt.Sprint(a), "s3cr3t") {
		t.Fatalf("%v: stored as %s", err, stored)
	}
	site := fstest.MapFS{"sentry/config.yml": {Data: []byte("filestore.backend: 'filesystem'\n")}}
	put := func(a Answers) string {
		t.Helper()
		files, _, err := Render(RenderInput{Version: calver.MustParse("25.10.0"), Pristine: fstest.MapFS{}, Disk: site, Answers: a, SecretKey: "k"})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			site[f.Path] = &fstest.MapFile{Data: f.Data}
		}
		return string(site[ymlPath].Data)
	}
	first := put(a)
	if !strings.Contains(first, "s3cr3t") {
		t.Errorf("the file lacks the secret:\n%s", first)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(stored, &node); err != nil {
		t.Fatal(err)
	}
	again, err := Recorded(*node.Content[0], "/own", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(put(again), first); diff != "" {
		t.Errorf("from the record (-got +want):\n%s", diff)
	}
}
