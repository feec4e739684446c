package repository

import (
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Kind is the sort of place in which a repository lives.
type Kind string

// The kinds of repositories.
const (
	Folder Kind = "folder"
	S3     Kind = "s3"
	SFTP   Kind = "sftp"
	Azure  Kind = "azure"
	GCS    Kind = "gs"
	B2     Kind = "b2"
	WebDAV Kind = "webdav"
	Rclone Kind = "rclone"
)

// Target says where a repository lives. It holds no secret: those come as
// Credentials.
type Target struct {
	Kind     Kind   `json:"kind"`
	Path     string `json:"path,omitempty"`   // folder, sftp: absolute; rclone: remote:path; webdav: the URL
	Bucket   string `json:"bucket,omitempty"` // s3, gs, b2; the container of azure
	Prefix   string `json:"prefix,omitempty"` // inside the bucket: "" or ends with a slash
	Endpoint string `json:"endpoint,omitempty"`
	Region   string `json:"region,omitempty"`
	Plain    bool   `json:"plain,omitempty"` // s3, azure: no TLS
	Host     string `json:"host,omitempty"`
	Port     int    `json:"port,omitempty"`
	User     string `json:"user,omitempty"`
}

const targetHint = "Give it as one of: /path, s3://bucket/prefix?endpoint=host:port&region=name, sftp://user@host/path, " +
	"azure://container/prefix, gs://bucket/prefix, b2://bucket/prefix, webdavs://host/path, rclone:remote:path"

// ParseTarget reads what an admin gives as --repo. A password in it is refused,
// as a command line can be read by everybody on the machine.
func ParseTarget(raw string) (Target, error) {
	if remote, is := strings.CutPrefix(raw, "rclone:"); is {
		if name, _, found := strings.Cut(remote, ":"); !found || name == "" {
			return Target{}, badTarget(raw, "it names no remote")
		}
		return Target{Kind: Rclone, Path: remote}, nil
	}
	if filepath.IsAbs(raw) {
		return Target{Kind: Folder, Path: filepath.Clean(raw)}, nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The parser's error quotes the input.
		return Target{}, badTarget("it", "it is no URL")
	}
	if _, has := u.User.Password(); has {
		return Target{}, fault.New(fault.Usage, "Give the password in the environment (docs/backup.md)", "the repository's URL holds a password")
	}
	read, known := schemes[u.Scheme]
	if !known {
		return Target{}, badTarget(raw, "it has no known scheme and is no absolute path")
	}
	t, problem := read(u)
	if problem != "" {
		return Target{}, badTarget(raw, problem)
	}
	return t, nil
}

func badTarget(raw, problem string) error {
	return fault.New(fault.Usage, targetHint, "%s is no repository: %s", raw, problem)
}

// schemes read a URL, and return what is wrong with it.
var schemes = map[string]func(*url.URL) (Target, string){
	"file":    folderOf,
	"s3":      s3Of,
	"sftp":    sftpOf,
	"azure":   azureOf,
	"gs":      func(u *url.URL) (Target, string) { return bucketOf(GCS, u) },
	"b2":      func(u *url.URL) (Target, string) { return bucketOf(B2, u) },
	"webdav":  func(u *url.URL) (Target, string) { return webdavOf(u, "http") },
	"webdavs": func(u *url.URL) (Target, string) { return webdavOf(u, "https") },
}

func folderOf(u *url.URL) (Target, string) {
	if u.Host != "" || !filepath.IsAbs(u.Path) {
		return Target{}, "a file URL has three slashes and an absolute path"
	}
	return Target{Kind: Folder, Path: filepath.Clean(u.Path)}, ""
}

// bucketOf reads scheme://bucket/prefix.
func bucketOf(kind Kind, u *url.URL) (Target, string) {
	if u.Host == "" {
		return Target{}, "it names no bucket"
	}
	t := Target{Kind: kind, Bucket: u.Host}
	if p := strings.Trim(path.Clean("/"+u.Path), "/"); p != "" {
		t.Prefix = p + "/"
	}
	return t, ""
}

func s3Of(u *url.URL) (Target, string) {
	t, problem := bucketOf(S3, u)
	q := u.Query()
	t.Endpoint, t.Region = q.Get("endpoint"), q.Get("region")
	if t.Endpoint == "" {
		t.Endpoint = "s3.amazonaws.com"
	}
	if rest, is := strings.CutPrefix(t.Endpoint, "http://"); is {
		t.Endpoint, t.Plain = rest, true
	}
	t.Endpoint = strings.TrimSuffix(strings.TrimPrefix(t.Endpoint, "https://"), "/")
	return t, problem
}

func sftpOf(u *url.URL) (Target, string) {
	t := Target{Kind: SFTP, Host: u.Hostname(), User: u.User.Username(), Path: path.Clean(u.Path), Port: 22}
	switch {
	case t.Host == "":
		return t, "it names no host"
	case t.User == "":
		return t, "it names no user"
	case u.Path == "" || t.Path == "/":
		return t, "it names no directory"
	}
	if p := u.Port(); p != "" {
		t.Port, _ = strconv.Atoi(p) // the URL's parser lets only digits through
	}
	return t, ""
}

func azureOf(u *url.URL) (Target, string) {
	t, problem := bucketOf(Azure, u)
	t.User = u.Query().Get("account")
	t.Endpoint, t.Plain = strings.CutPrefix(u.Query().Get("domain"), "http://")
	return t, problem
}

func webdavOf(u *url.URL, scheme string) (Target, string) {
	if u.Host == "" {
		return Target{}, "it names no host"
	}
	plain := url.URL{Scheme: scheme, Host: u.Host, Path: u.Path}
	return Target{Kind: WebDAV, Path: plain.String(), User: u.User.Username()}, ""
}

// Remote tells whether a network is needed to reach the repository.
func (t Target) Remote() bool { return t.Kind != Folder }

// String gives the target as ParseTarget takes it.
func (t Target) String() string {
	u := url.URL{Scheme: string(t.Kind), Host: t.Bucket, Path: "/" + strings.TrimSuffix(t.Prefix, "/")}
	q := url.Values{}
	switch t.Kind {
	case Folder:
		return t.Path
	case Rclone:
		return "rclone:" + t.Path
	case WebDAV:
		return t.webdavString()
	case SFTP:
		u = url.URL{Scheme: "sftp", User: url.User(t.User), Host: t.Host, Path: t.Path}
		if t.Port != 22 {
			u.Host += ":" + strconv.Itoa(t.Port)
		}
	case S3:
		q.Set("endpoint", t.Endpoint)
		if t.Plain {
			q.Set("endpoint", "http://"+t.Endpoint)
		}
		setIf(q, "region", t.Region)
	case Azure:
		setIf(q, "account", t.User)
		if t.Plain {
			q.Set("domain", "http://"+t.Endpoint)
		} else {
			setIf(q, "domain", t.Endpoint)
		}
	}
	u.RawQuery = q.Encode()
	return strings.TrimSuffix(u.String(), "/")
}

func (t Target) webdavString() string {
	u, err := url.Parse(t.Path)
	if err != nil {
		return t.Path
	}
	u.Scheme = map[string]string{"http": "webdav", "https": "webdavs"}[u.Scheme]
	if t.User != "" {
		u.User = url.User(t.User)
	}
	return u.String()
}

func setIf(q url.Values, key, value string) {
	if value != "" {
		q.Set(key, value)
	}
}
