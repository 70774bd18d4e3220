// The Go client against the running platform, which MILLRACE_ADDRESS names.
package client_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	adminv1 "millrace.dev/client/admin/v1"
	millracev1 "millrace.dev/client/millrace/v1"
	usersv1 "millrace.dev/client/users/v1"
)

// Nobody has this id, so nothing happens to them.
const nobody = "00000000-0000-7000-8000-000000000000"

// Long enough never to pass in a test that passes.
func inTime(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(os.Getenv("MILLRACE_ADDRESS"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func create(t *testing.T, users usersv1.UsersServiceClient, name string) *usersv1.User {
	t.Helper()
	user, err := users.CreateUser(inTime(t), &usersv1.CreateUserRequest{
		Email:       fmt.Sprintf("%s@go.example.org", name),
		DisplayName: name,
		Locale:      "de-AT",
	})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func expectCode(t *testing.T, err error, code codes.Code) *status.Status {
	t.Helper()
	if status.Code(err) != code {
		t.Fatalf("want %v, got %v", code, err)
	}
	return status.Convert(err)
}

func TestCreateAndRead(t *testing.T) {
	users := usersv1.NewUsersServiceClient(dial(t))
	created := create(t, users, "ada")
	read, err := users.GetUser(inTime(t), &usersv1.GetUserRequest{Id: created.Id})
	if err != nil {
		t.Fatal(err)
	}
	if read.Email != "ada@go.example.org" || read.Locale != "de-AT" {
		t.Errorf("another person came back: %v", read)
	}
	if age := time.Since(read.CreateTime.AsTime()); age < -time.Minute || age > time.Hour {
		t.Errorf("created %v ago", age)
	}
}

func TestListInPages(t *testing.T) {
	users := usersv1.NewUsersServiceClient(dial(t))
	want := map[string]bool{}
	for i := range 5 {
		want[create(t, users, fmt.Sprintf("page%d", i)).Id] = true
	}
	request := &usersv1.ListUsersRequest{PageSize: 2}
	pages := 0
	for {
		page, err := users.ListUsers(inTime(t), request)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		if len(page.Users) > 2 {
			t.Fatalf("a page of 2 has %d", len(page.Users))
		}
		for _, user := range page.Users {
			delete(want, user.Id)
		}
		if page.NextPageToken == "" {
			break
		}
		request.PageToken = page.NextPageToken
	}
	if len(want) > 0 || pages < 3 {
		t.Errorf("%d pages, without %v", pages, want)
	}
}

func TestFieldViolations(t *testing.T) {
	users := usersv1.NewUsersServiceClient(dial(t))
	_, err := users.CreateUser(inTime(t), &usersv1.CreateUserRequest{Email: "grace"})
	violations := map[string]string{}
	for _, detail := range expectCode(t, err, codes.InvalidArgument).Details() {
		bad, ok := detail.(*errdetails.BadRequest)
		if !ok {
			t.Fatalf("a detail that is none of google.rpc: %v", detail)
		}
		for _, violation := range bad.FieldViolations {
			violations[violation.Field] = violation.Description
		}
	}
	if len(violations) != 2 || violations["email"] == "" || violations["display_name"] == "" {
		t.Errorf("violations: %v", violations)
	}
}

func TestAlreadyExistsAndNotFound(t *testing.T) {
	users := usersv1.NewUsersServiceClient(dial(t))
	create(t, users, "twice")
	_, err := users.CreateUser(inTime(t), &usersv1.CreateUserRequest{
		Email: "twice@go.example.org", DisplayName: "Again"})
	expectCode(t, err, codes.AlreadyExists)
	_, err = users.GetUser(inTime(t), &usersv1.GetUserRequest{Id: nobody})
	expectCode(t, err, codes.NotFound)
}

func TestServerStream(t *testing.T) {
	conn := dial(t)
	user := create(t, usersv1.NewUsersServiceClient(conn), "streamed")
	stream, err := millracev1.NewBusServiceClient(conn).Tail(inTime(t), &millracev1.TailRequest{
		Key: &user.Id, FromBeginning: true, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	first, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if first.Event.Type != "users.v1.UserEvents.Created" {
		t.Errorf("first came %q", first.Event.Type)
	}
	var payload usersv1.UserCreated
	if err := first.Event.GetProtoData().UnmarshalTo(&payload); err != nil {
		t.Fatal(err)
	}
	if payload.UserId != user.Id || payload.Email != user.Email {
		t.Errorf("payload: %v", &payload)
	}
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	key := nobody
	stream, err := millracev1.NewBusServiceClient(dial(t)).Tail(ctx, &millracev1.TailRequest{
		Key: &key, Follow: true})
	if err == nil {
		_, err = stream.Recv()
	}
	expectCode(t, err, codes.DeadlineExceeded)
}

func TestCancel(t *testing.T) {
	conn := dial(t)
	ctx, cancel := context.WithCancel(inTime(t))
	stream, err := adminv1.NewAdminServiceClient(conn).WatchEvents(ctx,
		&adminv1.WatchEventsRequest{Subject: nobody})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err = stream.Recv()
	expectCode(t, err, codes.Canceled)
	// The connection is not the worse for it.
	create(t, usersv1.NewUsersServiceClient(conn), "after-cancel")
}
