package weed

import "net/http"

// Handler answers S3 requests with objects kept in dir: an object storage for
// tests that need no container.
func Handler(dir, accessKey string) (http.Handler, error) {
	store, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	return &s3{store: store, accessKey: accessKey}, nil
}
