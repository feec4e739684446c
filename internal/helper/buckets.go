package helper

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/lifecycle"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Keys is the key pair of an object storage. It comes on stdin, never in argv.
type Keys struct {
	AccessKey string `json:"access_key"`
	SecretKey string `json:"secret_key"`
}

// ReadKeys reads a key pair as JSON.
func ReadKeys(r io.Reader) (Keys, error) {
	var k Keys
	dec := json.NewDecoder(io.LimitReader(r, 1<<16))
	dec.DisallowUnknownFields()
	// The parser's error may quote the input.
	if err := dec.Decode(&k); err != nil || k.AccessKey == "" || k.SecretKey == "" {
		return Keys{}, fault.New(fault.Usage, `Give on stdin: {"access_key":"…","secret_key":"…"}`, "stdin holds no key pair")
	}
	return k, nil
}

// BucketOptions say which buckets an object storage shall have. ExpireDays 0
// keeps objects for ever. Wait bounds how long it may take to answer.
type BucketOptions struct {
	Endpoint   string // http://host:port
	Buckets    []string
	ExpireDays int
	Wait       time.Duration
}

// retryEvery is how often a storage that does not answer yet is asked.
const retryEvery = 500 * time.Millisecond

// Buckets makes the buckets that are missing and lets their objects expire. It
// can be repeated, and returns the names of those that it made.
func Buckets(ctx context.Context, o BucketOptions, k Keys) (made []string, err error) {
	s3, err := connect(o.Endpoint, k)
	if err != nil {
		return nil, err
	}
	if err := answers(ctx, s3, o); err != nil {
		return nil, err
	}
	made = []string{}
	for _, name := range o.Buckets {
		exists, err := s3.BucketExists(ctx, name)
		if err != nil {
			return made, fmt.Errorf("look for bucket %s: %w", name, err)
		}
		if !exists {
			if err := s3.MakeBucket(ctx, name, minio.MakeBucketOptions{Region: region}); err != nil && !taken(err) {
				return made, fmt.Errorf("make bucket %s: %w", name, err)
			}
			made = append(made, name)
		}
		if err := expire(ctx, s3, name, o.ExpireDays); err != nil {
			return made, err
		}
	}
	return made, nil
}

// region is given so that the client does not ask for it; a storage of one's
// own has none.
const region = "us-east-1"

func connect(endpoint string, k Keys) (*minio.Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fault.New(fault.Usage, "Give it as in: --endpoint http://seaweedfs:8333", "%q is no endpoint", endpoint)
	}
	// No proxy: the storage is a neighbour in the project's network.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	return minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(k.AccessKey, k.SecretKey, ""), Secure: u.Scheme == "https", Transport: transport,
		Region: region, BucketLookup: minio.BucketLookupPath, MaxRetries: 1,
	})
}

// answers waits until the storage serves requests. Wrong keys do not become
// right by waiting.
func answers(ctx context.Context, s3 *minio.Client, o BucketOptions) error {
	ctx, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for {
		_, err := s3.ListBuckets(ctx)
		if err == nil || refused(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("object storage %s does not answer within %s: %w", o.Endpoint, o.Wait, err)
		case <-tick.C:
		}
	}
}

func refused(err error) bool {
	code := minio.ToErrorResponse(err).Code
	return code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch"
}

// taken tells whether another run made the bucket in the meantime.
func taken(err error) bool {
	code := minio.ToErrorResponse(err).Code
	return code == "BucketAlreadyOwnedByYou" || code == "BucketAlreadyExists"
}

const ruleID = "sentryctl-expire"

// expire gives a bucket one rule for all its objects, and keeps the rules that
// an admin has made for some of them.
func expire(ctx context.Context, s3 *minio.Client, bucket string, days int) error {
	if days == 0 {
		return nil
	}
	conf, err := s3.GetBucketLifecycle(ctx, bucket)
	if err != nil && minio.ToErrorResponse(err).Code != "NoSuchLifecycleConfiguration" {
		return fmt.Errorf("read lifecycle of bucket %s: %w", bucket, err)
	}
	if conf == nil {
		conf = lifecycle.NewConfiguration()
	}
	if slices.ContainsFunc(conf.Rules, func(r lifecycle.Rule) bool {
		return forAll(r) && r.Status == "Enabled" && int(r.Expiration.Days) == days
	}) {
		return nil
	}
	conf.Rules = append(slices.DeleteFunc(conf.Rules, forAll), lifecycle.Rule{
		ID: ruleID, Status: "Enabled", Expiration: lifecycle.Expiration{Days: lifecycle.ExpirationDays(days)},
	})
	if err := s3.SetBucketLifecycle(ctx, bucket, conf); err != nil {
		return fmt.Errorf("set lifecycle of bucket %s: %w", bucket, err)
	}
	return nil
}

// forAll tells whether a rule lets every object of a bucket expire.
func forAll(r lifecycle.Rule) bool {
	return r.Prefix == "" && r.RuleFilter.IsNull() && !r.Expiration.IsDaysNull()
}
