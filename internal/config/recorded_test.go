package config

import (
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestRecordedAnswersComeBackWithoutLostSecrets(t *testing.T) {
	given := Answers{
		Profile: ErrorsOnly, Bind: "127.0.0.1:9000", Admin: Admin{Email: "a@example.com", Password: NewSecret("typed-in")},
		Mail: Mail{Host: "smtp.example.com", Port: 587, Password: Secret{value: "x", File: filepath.Join(t.TempDir(), "gone")}},
	}
	var node yaml.Node
	if err := node.Encode(given); err != nil {
		t.Fatal(err)
	}
	base, err := Recorded(node, "/own", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := ReadAnswersOver(base, "", []string{"bind=9001"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := given
	want.Bind, want.Admin.Password = "9001", Secret{File: "/own/secrets/admin.password"}
	want.Mail.Password = Secret{File: given.Mail.Password.File}
	if got.Bind != want.Bind || got.Admin != want.Admin || got.Mail != want.Mail || got.Profile != want.Profile {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if s := given.Secrets(); len(s) != 2 || s[0] != "typed-in" || s[1] != "x" {
		t.Errorf("got %d secrets", len(s))
	}
}

func TestRecordedOfANewSiteIsEmpty(t *testing.T) {
	got, err := Recorded(yaml.Node{}, "/own", nil)
	if err != nil || got.Profile != "" || got.Bind != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}
