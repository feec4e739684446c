package repository

import (
	"encoding/json"
	"os"
	"os/exec"
	"syscall"

	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/blob/azure"
	"github.com/kopia/kopia/repo/blob/b2"
	"github.com/kopia/kopia/repo/blob/filesystem"
	"github.com/kopia/kopia/repo/blob/gcs"
	"github.com/kopia/kopia/repo/blob/rclone"
	"github.com/kopia/kopia/repo/blob/s3"
	"github.com/kopia/kopia/repo/blob/sftp"
	"github.com/kopia/kopia/repo/blob/throttling"
	"github.com/kopia/kopia/repo/blob/webdav"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// kopia's names of two kinds.
const (
	webdavType = "webdav"
	rcloneType = "rclone"
)

// connection gives a target in kopia's words.
func (a Access) connection() (blob.ConnectionInfo, error) {
	t, c := a.Target, a.Credentials
	limits := throttling.Limits{UploadBytesPerSecond: a.UploadLimit}
	switch t.Kind {
	case Folder:
		return blob.ConnectionInfo{Type: "filesystem", Config: folderOptions(t, limits)}, nil
	case S3:
		return blob.ConnectionInfo{Type: "s3", Config: &s3.Options{
			BucketName: t.Bucket, Prefix: t.Prefix, Endpoint: t.Endpoint, Region: t.Region, DoNotUseTLS: t.Plain,
			AccessKeyID: c["AWS_ACCESS_KEY_ID"], SecretAccessKey: c["AWS_SECRET_ACCESS_KEY"], SessionToken: c["AWS_SESSION_TOKEN"],
			Limits: limits,
		}}, nil
	case SFTP:
		return blob.ConnectionInfo{Type: "sftp", Config: &sftp.Options{
			Path: t.Path, Host: t.Host, Port: t.Port, Username: t.User,
			Password: c["SENTRYCTL_SFTP_PASSWORD"], KeyData: c["SENTRYCTL_SFTP_KEY"], KnownHostsData: c["SENTRYCTL_SFTP_KNOWN_HOSTS"],
			Limits: limits,
		}}, nil
	case Azure:
		account := t.User
		if account == "" {
			account = c["AZURE_STORAGE_ACCOUNT"]
		}
		return blob.ConnectionInfo{Type: "azureBlob", Config: &azure.Options{
			Container: t.Bucket, Prefix: t.Prefix, StorageAccount: account, StorageDomain: t.Endpoint, DoNotUseTLS: t.Plain,
			StorageKey: c["AZURE_STORAGE_KEY"], SASToken: c["AZURE_STORAGE_SAS_TOKEN"], Limits: limits,
		}}, nil
	case GCS:
		return blob.ConnectionInfo{Type: "gcs", Config: &gcs.Options{
			BucketName: t.Bucket, Prefix: t.Prefix, ServiceAccountCredentialJSON: json.RawMessage(c["GOOGLE_APPLICATION_CREDENTIALS"]), Limits: limits,
		}}, nil
	case B2:
		return blob.ConnectionInfo{Type: "b2", Config: &b2.Options{
			BucketName: t.Bucket, Prefix: t.Prefix, KeyID: c["B2_APPLICATION_KEY_ID"], Key: c["B2_APPLICATION_KEY"], Limits: limits,
		}}, nil
	case WebDAV:
		return blob.ConnectionInfo{Type: webdavType, Config: &webdav.Options{
			URL: t.Path, Username: t.User, Password: c["SENTRYCTL_WEBDAV_PASSWORD"], Limits: limits,
		}}, nil
	case Rclone:
		program, err := RcloneProgram()
		if err != nil {
			return blob.ConnectionInfo{}, err
		}
		return blob.ConnectionInfo{Type: rcloneType, Config: &rclone.Options{
			RemotePath: t.Path, RCloneExe: program, EmbeddedConfig: c["RCLONE_CONFIG"],
			RCloneArgs: []string{"--low-level-retries", "2"}, // kopia tries often enough
			Limits:     limits,
		}}, nil
	}
	return blob.ConnectionInfo{}, badTarget(t.String(), "its kind is unknown")
}

// folderOptions gives what root writes into a folder to the folder's owner,
// so that this admin can list backups that a helper container has written.
func folderOptions(t Target, limits throttling.Limits) *filesystem.Options {
	o := &filesystem.Options{Path: t.Path, FileMode: 0o600, DirectoryMode: 0o700, Limits: limits}
	info, err := os.Stat(t.Path)
	if err != nil {
		return o
	}
	if st, is := info.Sys().(*syscall.Stat_t); is {
		uid, gid := int(st.Uid), int(st.Gid)
		o.FileUID, o.FileGID = &uid, &gid
	}
	return o
}

// RcloneMounted is where a helper container finds rclone.
const RcloneMounted = "/rclone"

// RcloneProgram finds rclone on this machine, or in a helper container.
func RcloneProgram() (string, error) {
	if _, err := os.Stat(RcloneMounted); err == nil {
		return RcloneMounted, nil
	}
	path, err := exec.LookPath("rclone")
	if err != nil {
		return "", fault.New(fault.Usage, "Install rclone (https://rclone.org/install), or choose another kind of repository", "rclone is not there: %w", err)
	}
	return path, nil
}
