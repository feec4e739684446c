package helper

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/minio/minio-go/v7"
)

// UploadOptions say which files become objects of a bucket. Wait bounds how
// long the storage may take to answer.
type UploadOptions struct {
	Endpoint string // http://host:port
	Bucket   string
	Dir      string
	Wait     time.Duration
}

// Upload copies the files below a directory into a bucket, under their names
// from there. An object of a file's name and size is left alone, so that it
// can be repeated. It returns how many files there are and how many it copied.
func Upload(ctx context.Context, o UploadOptions, k Keys) (files, copied int, err error) {
	s3, err := connect(o.Endpoint, k)
	if err != nil {
		return 0, 0, err
	}
	if err := answers(ctx, s3, BucketOptions{Endpoint: o.Endpoint, Wait: o.Wait}); err != nil {
		return 0, 0, err
	}
	have := map[string]int64{}
	for obj := range s3.ListObjects(ctx, o.Bucket, minio.ListObjectsOptions{Recursive: true}) {
		if obj.Err != nil {
			return 0, 0, fmt.Errorf("list bucket %s: %w", o.Bucket, obj.Err)
		}
		have[obj.Key] = obj.Size
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return 0, 0, fmt.Errorf("open what is to be copied: %w", err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files++
		if size, there := have[filepath.ToSlash(name)]; there && size == info.Size() {
			return nil
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := s3.PutObject(ctx, o.Bucket, filepath.ToSlash(name), f, info.Size(), minio.PutObjectOptions{ContentType: "application/octet-stream"}); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		copied++
		return nil
	})
	if err != nil {
		return files, copied, fmt.Errorf("copy into bucket %s: %w", o.Bucket, err)
	}
	return files, copied, nil
}
