// Package client is the root of the Millrace client. The packages below it
// are generated from the contracts, one for each: users/v1, admin/v1,
// templates/v1 and millrace/v1.
package client

// The details of errors, so that status.Status.Details decodes them.
import _ "google.golang.org/genproto/googleapis/rpc/errdetails"
