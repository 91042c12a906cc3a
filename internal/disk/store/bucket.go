package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"alignctl/internal/disk"
)

// A bucket is the part of a bucket below a prefix. Its errors name what was
// asked of which server, and the cure, and never a secret.
type bucket struct {
	client   *minio.Core
	endpoint string // for messages
	name     string
	prefix   string // "" or ending in a slash
	patience time.Duration
}

// retries is how often a request is sent again that the server failed, or that
// no connection carried; waits grow to a second.
const retries = 5

// partBytes is the size from which a file is sent in parts of that size, four
// at once.
const partBytes = 32 << 20

// newBucket reads the location "s3://bucket/prefix", and where and as whom to
// ask from the environment, by the names that all tools for S3 use.
func newBucket(location string, patience time.Duration) (*bucket, error) {
	at, err := url.Parse(location)
	if err != nil || at.Scheme != "s3" || at.Host == "" || at.RawQuery != "" || at.User != nil {
		return nil, errors.New("read warehouse: want s3://BUCKET or s3://BUCKET/PREFIX")
	}
	b := &bucket{name: at.Host, prefix: strings.Trim(at.Path, "/"), patience: patience}
	if b.prefix != "" {
		b.prefix += "/"
	}
	options := &minio.Options{BucketLookup: minio.BucketLookupAuto, MaxRetries: retries,
		Region:    cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1"),
		Creds:     credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}),
		Transport: transport(patience)}
	server, err := endpoint()
	if err != nil {
		return nil, err
	}
	b.endpoint, options.Secure = server.String(), server.Scheme == "https"
	if server.Host != amazon {
		options.BucketLookup = minio.BucketLookupPath
	}
	if b.client, err = minio.NewCore(server.Host, options); err != nil {
		return nil, fmt.Errorf("open warehouse %q: %w", location, err)
	}
	return b, nil
}

// amazon is the server that is asked where the environment names no other.
const amazon = "s3.amazonaws.com"

// endpoint is the server that the environment names, without a path. One with a
// key in its URL is refused, and not shown.
func endpoint() (*url.URL, error) {
	for _, variable := range []string{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"} {
		text := os.Getenv(variable)
		if text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
			strings.Trim(u.Path, "/") != "" || strings.ContainsAny(text, "?#") {
			return nil, fmt.Errorf("read %s: want http://HOST:PORT or https://HOST; keys go into AWS_ACCESS_KEY_ID and "+
				"AWS_SECRET_ACCESS_KEY", variable)
		}
		return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
	}
	return &url.URL{Scheme: "https", Host: amazon}, nil
}

func transport(patience time.Duration) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.ResponseHeaderTimeout = patience
	t.MaxIdleConnsPerHost = 2 * transfers
	t.DisableCompression = true // the bytes are wanted as they are kept
	return t
}

// get reads an object; its size comes with it. Where the server has a checksum of
// it, the last read fails unless the bytes have that.
func (b *bucket) get(ctx context.Context, key string) (io.ReadCloser, int64, error) {
	ctx, stop := context.WithCancelCause(ctx)
	body, info, _, err := b.client.GetObject(ctx, b.name, b.prefix+key, minio.GetObjectOptions{Checksum: true})
	if err != nil {
		stop(nil)
		return nil, 0, b.explain("read", key, err)
	}
	late := time.AfterFunc(b.patience, func() { stop(fmt.Errorf("no byte came for %s", b.patience)) })
	return &patient{ReadCloser: body, ctx: ctx, stop: stop, late: late, patience: b.patience}, info.Size, nil
}

// patient is a body that is given up when it doesn't come.
type patient struct {
	io.ReadCloser
	ctx  context.Context
	stop context.CancelCauseFunc
	late *time.Timer

	patience time.Duration
}

// Read reads, and starts the clock anew.
func (p *patient) Read(content []byte) (int, error) {
	n, err := p.ReadCloser.Read(content)
	if cause := context.Cause(p.ctx); cause != nil && err != nil {
		return n, cause
	}
	p.late.Reset(p.patience)
	return n, err
}

// Close ends the request.
func (p *patient) Close() error {
	p.late.Stop()
	err := p.ReadCloser.Close()
	p.stop(nil)
	return err
}

// put sends a content to a key that has no object; fs.ErrExist when it has one.
func (b *bucket) put(ctx context.Context, key string, content io.Reader, size int64) error {
	// Content-MD5 is what all servers check; chunks that are signed one by one are
	// what some don't know.
	options := minio.PutObjectOptions{PartSize: partBytes, ContentType: "application/octet-stream",
		SendContentMd5: true, DisableContentSha256: true}
	options.SetMatchETagExcept("*")
	_, err := b.client.Client.PutObject(ctx, b.name, b.prefix+key, content, size, options)
	return b.explain("write", key, err)
}

// stat describes an object.
func (b *bucket) stat(ctx context.Context, key string) (disk.Info, error) {
	info, err := b.client.Client.StatObject(ctx, b.name, b.prefix+key, minio.StatObjectOptions{})
	return disk.Info{Bytes: info.Size, Written: info.LastModified}, b.explain("look at", key, err)
}

// remove removes an object; one that isn't there is no error.
func (b *bucket) remove(ctx context.Context, key string) error {
	err := b.explain("remove", key, b.client.Client.RemoveObject(ctx, b.name, b.prefix+key, minio.RemoveObjectOptions{}))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// list calls each with every object whose key starts with a text.
func (b *bucket) list(ctx context.Context, start string, each func(key string, info disk.Info)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for o := range b.client.Client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix + start, Recursive: true}) {
		if o.Err != nil {
			return b.explain("list", start, o.Err)
		}
		each(strings.TrimPrefix(o.Key, b.prefix), disk.Info{Bytes: o.Size, Written: o.LastModified})
	}
	return nil
}

// An upload is one in parts that has no end yet.
type upload struct {
	key, id string
	begun   time.Time
}

// uploads lists them.
func (b *bucket) uploads(ctx context.Context) (list []upload, err error) {
	for u := range b.client.ListIncompleteUploads(ctx, b.name, b.prefix, true) {
		if u.Err != nil {
			return nil, b.explain("list uploads to", "", u.Err)
		}
		list = append(list, upload{strings.TrimPrefix(u.Key, b.prefix), u.UploadID, u.Initiated})
	}
	return list, nil
}

// abort removes the parts of an upload; one that isn't there is no error.
func (b *bucket) abort(ctx context.Context, u upload) error {
	err := b.client.AbortMultipartUpload(ctx, b.name, b.prefix+u.key, u.id)
	var answer minio.ErrorResponse
	if errors.As(err, &answer) && answer.Code == "NoSuchUpload" {
		return nil
	}
	return b.explain("end the upload of", u.key, err)
}

// denied are the codes by which servers say that they don't know or trust who
// asks.
var denied = map[string]bool{"AccessDenied": true, "InvalidAccessKeyId": true, "SignatureDoesNotMatch": true,
	"ExpiredToken": true, "InvalidToken": true, "Forbidden": true, "AuthorizationHeaderMalformed": true}

// explain says what a failed request means, and what helps.
func (b *bucket) explain(verb, key string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	what := fmt.Sprintf("%s object \"s3://%s/%s%s\"", verb, b.name, b.prefix, key)
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return fmt.Errorf("%s: %w: no answer from %s: is it up, and AWS_ENDPOINT_URL right? %w", what, disk.ErrUnreachable, b.endpoint, err)
	}
	switch code := answer.Code; {
	case code == "NoSuchBucket":
		return fmt.Errorf("%s: %w: %s has no bucket %q: make it, or name another in the warehouse's URL",
			what, disk.ErrUnreachable, b.endpoint, b.name)
	case code == "NoSuchKey", code == "NotFound":
		return fmt.Errorf("%s: %w", what, fs.ErrNotExist)
	case code == "PreconditionFailed", answer.StatusCode == http.StatusPreconditionFailed:
		return fmt.Errorf("%s: %w", what, fs.ErrExist)
	case denied[code], answer.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s: %w: %s denies access (%s): look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "+
			"AWS_SESSION_TOKEN and AWS_REGION, and at what they may do in bucket %q", what, disk.ErrUnreachable, b.endpoint, code, b.name)
	}
	return fmt.Errorf("%s: %w: %s says %s: %s", what, disk.ErrUnreachable, b.endpoint, answer.Code, answer.Message)
}
