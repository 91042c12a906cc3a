package spark

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"alignctl/etl/spark/connect"
)

const bucketScheme = "s3://"

// sparkPath is what Spark calls an object of a bucket; the path of a file is as
// it is.
func sparkPath(path string) string {
	if object, ok := strings.CutPrefix(path, bucketScheme); ok {
		return "s3a://" + object
	}
	return path
}

// nobody is the name of an object that no warehouse has.
const nobody = "alignctl-looks-for-nothing"

// looking is how long a server may take to look into a bucket: its libraries try
// for minutes where nobody answers.
const looking = time.Minute

// onlyCopies sees that a server can read the bucket that a warehouse is in. Only
// one that lacks the library, and is on this machine, need not: it reads the
// copies of the objects here.
func onlyCopies(ctx context.Context, session *connect.Session, warehouse string) (bool, error) {
	if !strings.HasPrefix(warehouse, bucketScheme) {
		return false, nil
	}
	waiting, stop := context.WithTimeout(ctx, looking)
	defer stop()
	err := session.Parquet(waiting, "looked", `{"type":"struct","fields":[]}`, []string{sparkPath(warehouse) + "/" + nobody})
	if ctx.Err() == nil && waiting.Err() != nil {
		err = errNoAnswer
	}
	switch {
	case err == nil, says(err, notFound...):
		return false, nil
	case says(err, noLibrary...) && session.Here():
		return true, nil
	}
	return false, fmt.Errorf("have Spark look into %s: %w", warehouse, cure(err))
}

// errNoAnswer says that the time for looking is over.
var errNoAnswer = fmt.Errorf("no answer of the bucket's server reached Spark within %s", looking)

// What Spark, or the library by which it reads buckets, says where a file can't
// be read.
var (
	notFound      = []string{"PATH_NOT_FOUND", "FILE_NOT_EXIST", "FileNotFoundException"}
	noLibrary     = []string{"S3AFileSystem not found", `No FileSystem for scheme "s3a"`, "UNSUPPORTED_FILE_SYSTEM"}
	noCredentials = []string{"Unable to load credentials", "NoAuthWithAWSException", "No AWS Credentials"}
	noAccess      = []string{"Status Code: 403", "AccessDeniedException", "Status Code: 401"}
	noBucket      = []string{"bucket does not exist", "UnknownStoreException"}
	noServer      = []string{"Connection refused", "timed out", "Name or service not known", "UnknownHostException",
		"Unable to execute HTTP request", "Status Code: 301"}
)

// says reports whether an error is one of Spark's with such a sign.
func says(err error, signs ...string) bool {
	var said *connect.Error
	return errors.As(err, &said) && slices.ContainsFunc(signs, func(sign string) bool {
		return strings.Contains(said.Class+" "+said.Message, sign)
	})
}

// cure says what to do where the server can't read a file of the lake.
func cure(err error) error {
	switch {
	case says(err, noLibrary...):
		return fmt.Errorf("%w; the server can't read buckets: start it with --packages org.apache.hadoop:hadoop-aws:VERSION, "+
			"of the version of its own hadoop-client jars", err)
	case says(err, noCredentials...), says(err, noAccess...):
		return fmt.Errorf("%w; alignctl sends no credentials there: start the server with ones that may list and read the bucket "+
			"(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in its environment, or its settings fs.s3a.access.key and fs.s3a.secret.key)", err)
	case says(err, noBucket...), says(err, noServer...), errors.Is(err, errNoAnswer),
		says(err, notFound...) && strings.Contains(err.Error(), "s3a:"):
		return fmt.Errorf("%w; Spark asks the server that its own setting fs.s3a.endpoint names: is it the one of "+
			"AWS_ENDPOINT_URL here?", err)
	case says(err, notFound...):
		return fmt.Errorf("%w; Spark reads the lake's files by their paths: run its server and its executors on this machine, "+
			"or put the lake's files in a bucket, or in a folder that they see under the same path", err)
	}
	return err
}
