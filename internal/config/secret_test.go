package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestRecordedSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "license")
	if err := os.WriteFile(path, []byte("license-2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := rich()
	a.Schema = SchemaVersion
	a.GeoIP.License = Secret{value: "license-2", File: path}
	a.Mail.Password = Secret{value: "mail-2", Env: "MAIL_PASS"}
	var n yaml.Node
	if err := n.Encode(a); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(&n)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"license-2", "mail-2", "admin-pass"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s stands in the stored answers:\n%s", secret, text)
		}
	}
	got, err := Recorded(n, "/own", []string{"MAIL_PASS=mail-2"})
	if err != nil {
		t.Fatal(err)
	}
	var plain Answers
	if err := n.Decode(&plain); err != nil || plain.Mail.Password.Reveal() != "" || plain.Bind != a.Bind {
		t.Errorf("decoded without a reader: %+v, %v", plain, err)
	}
	want := a
	want.Admin.Password = Secret{File: "/own/secrets/admin.password"} // it was not stored
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(Secret{})); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if got, err := Recorded(yaml.Node{}, "/own", nil); err != nil || !cmp.Equal(got, Answers{}, cmp.AllowUnexported(Secret{})) {
		t.Errorf("nothing stored: got %v, %v", got, err)
	}
}
