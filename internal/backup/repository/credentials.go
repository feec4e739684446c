package repository

import (
	"fmt"
	"os"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Credentials are what a repository's place asks for, by the names of their
// environment variables, with the text of files in place of their paths. They
// are secret: they go to a helper on its stdin and stand in no file of ours.
type Credentials map[string]string

// variable is one credential. A path is replaced by what its file holds.
type variable struct {
	name     string
	isFile   bool
	required bool
}

// variables lists what each kind of place asks for. The names are those of
// the tools of these places where there are some.
var variables = map[Kind][]variable{
	S3:    {{name: "AWS_ACCESS_KEY_ID", required: true}, {name: "AWS_SECRET_ACCESS_KEY", required: true}, {name: "AWS_SESSION_TOKEN"}},
	Azure: {{name: "AZURE_STORAGE_ACCOUNT"}, {name: "AZURE_STORAGE_KEY"}, {name: "AZURE_STORAGE_SAS_TOKEN"}},
	GCS:   {{name: "GOOGLE_APPLICATION_CREDENTIALS", isFile: true, required: true}},
	B2:    {{name: "B2_APPLICATION_KEY_ID", required: true}, {name: "B2_APPLICATION_KEY", required: true}},
	SFTP: {{name: "SENTRYCTL_SFTP_PASSWORD"}, {name: "SENTRYCTL_SFTP_KEY", isFile: true},
		{name: "SENTRYCTL_SFTP_KNOWN_HOSTS", isFile: true, required: true}},
	WebDAV: {{name: "SENTRYCTL_WEBDAV_PASSWORD"}},
	Rclone: {{name: "RCLONE_CONFIG", isFile: true, required: true}},
}

// ReadCredentials takes the credentials for a target from the environment.
// NAME_FILE gives a file that holds the value of NAME.
func ReadCredentials(t Target, getenv func(string) string) (Credentials, error) {
	c := Credentials{}
	for _, v := range variables[t.Kind] {
		value, err := v.read(getenv)
		if err != nil {
			return nil, err
		}
		if value == "" && v.required {
			return nil, fault.New(fault.Usage, "Set "+v.name+v.ending(), "the repository %s needs %s", t, v.name)
		}
		if value != "" {
			c[v.name] = value
		}
	}
	return c, nil
}

func (v variable) ending() string {
	if v.isFile {
		return " to the path of its file"
	}
	return ", or " + v.name + "_FILE to a file that holds it"
}

func (v variable) read(getenv func(string) string) (string, error) {
	path := getenv(v.name)
	if !v.isFile {
		if path != "" {
			return path, nil
		}
		path = getenv(v.name + "_FILE")
	}
	if path == "" {
		return "", nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fault.New(fault.Usage, "Name a file that this user may read", "read %s: %w", v.name, err)
	}
	if v.isFile {
		return string(data), nil
	}
	return strings.TrimSpace(string(data)), nil
}

// Secrets lists the values that no output may show.
func (c Credentials) Secrets() []string {
	var all []string
	for _, v := range c {
		all = append(all, v)
	}
	return all
}

// String keeps the values out of logs.
func (c Credentials) String() string { return fmt.Sprintf("%d credentials", len(c)) }

// GoString does too.
func (c Credentials) GoString() string { return c.String() }
