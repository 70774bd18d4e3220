import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import dev.millrace.client.admin.v1.AdminServiceGrpc;
import dev.millrace.client.admin.v1.WatchEventsRequest;
import dev.millrace.client.admin.v1.WatchEventsResponse;
import dev.millrace.client.millrace.v1.BusServiceGrpc;
import dev.millrace.client.millrace.v1.Envelope;
import dev.millrace.client.millrace.v1.TailRequest;
import dev.millrace.client.users.v1.CreateUserRequest;
import dev.millrace.client.users.v1.GetUserRequest;
import dev.millrace.client.users.v1.ListUsersRequest;
import dev.millrace.client.users.v1.ListUsersResponse;
import dev.millrace.client.users.v1.User;
import dev.millrace.client.users.v1.UserCreated;
import dev.millrace.client.users.v1.UsersServiceGrpc;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The Java client against the running platform, which MILLRACE_ADDRESS names. */
class ClientTest {
  /** Nobody has this id, so nothing happens to them. */
  private static final String NOBODY = "00000000-0000-7000-8000-000000000000";

  private ManagedChannel channel;

  @BeforeEach
  void connect() {
    channel =
        Grpc.newChannelBuilder(
                System.getenv("MILLRACE_ADDRESS"), InsecureChannelCredentials.create())
            .build();
  }

  @AfterEach
  void disconnect() throws InterruptedException {
    channel.shutdownNow();
    assertTrue(channel.awaitTermination(10, TimeUnit.SECONDS));
  }

  /** The deadline is long enough never to pass in a test that passes. */
  private UsersServiceGrpc.UsersServiceBlockingStub users() {
    return UsersServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private BusServiceGrpc.BusServiceBlockingStub bus() {
    return BusServiceGrpc.newBlockingStub(channel);
  }

  private User create(String name) {
    return users()
        .createUser(
            CreateUserRequest.newBuilder()
                .setEmail(name + "@java.example.org")
                .setDisplayName(name)
                .setLocale("de-AT")
                .build());
  }

  private static StatusRuntimeException fails(Status.Code code, Executable call) {
    StatusRuntimeException error = assertThrows(StatusRuntimeException.class, call);
    assertEquals(code, error.getStatus().getCode(), error.getMessage());
    return error;
  }

  private static void drain(Iterator<?> stream) {
    stream.forEachRemaining(message -> {});
  }

  @Test
  void createAndRead() {
    User created = create("ada");
    User read = users().getUser(GetUserRequest.newBuilder().setId(created.getId()).build());
    assertEquals("ada@java.example.org", read.getEmail());
    assertEquals("de-AT", read.getLocale());
    long age = System.currentTimeMillis() / 1000 - read.getCreateTime().getSeconds();
    assertTrue(age > -60 && age < 3600, "created " + age + " s ago");
  }

  @Test
  void listInPages() {
    Set<String> missing = new HashSet<>();
    for (int i = 0; i < 5; ++i) {
      missing.add(create("page" + i).getId());
    }
    ListUsersRequest.Builder request = ListUsersRequest.newBuilder().setPageSize(2);
    int pages = 0;
    do {
      ListUsersResponse page = users().listUsers(request.build());
      assertTrue(page.getUsersCount() <= 2);
      page.getUsersList().forEach(user -> missing.remove(user.getId()));
      request.setPageToken(page.getNextPageToken());
      ++pages;
    } while (!request.getPageToken().isEmpty());
    assertEquals(Set.of(), missing);
    assertTrue(pages >= 3);
  }

  @Test
  void fieldViolations() throws Exception {
    CreateUserRequest request = CreateUserRequest.newBuilder().setEmail("grace").build();
    StatusRuntimeException error =
        fails(Status.Code.INVALID_ARGUMENT, () -> users().createUser(request));
    TreeMap<String, String> violations = new TreeMap<>();
    for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
      for (BadRequest.FieldViolation violation :
          detail.unpack(BadRequest.class).getFieldViolationsList()) {
        violations.put(violation.getField(), violation.getDescription());
      }
    }
    assertEquals(Set.of("display_name", "email"), violations.keySet());
    violations.values().forEach(description -> assertFalse(description.isEmpty()));
  }

  @Test
  void alreadyExistsAndNotFound() {
    create("twice");
    fails(Status.Code.ALREADY_EXISTS, () -> create("twice"));
    GetUserRequest request = GetUserRequest.newBuilder().setId(NOBODY).build();
    fails(Status.Code.NOT_FOUND, () -> users().getUser(request));
  }

  @Test
  void serverStream() throws Exception {
    User user = create("streamed");
    TailRequest request =
        TailRequest.newBuilder()
            .setKey(user.getId())
            .setFromBeginning(true)
            .setFollow(true)
            .build();
    Envelope event =
        bus().withDeadlineAfter(30, TimeUnit.SECONDS).tail(request).next().getEvent();
    assertEquals("users.v1.UserEvents.Created", event.getType());
    UserCreated payload = event.getProtoData().unpack(UserCreated.class);
    assertEquals(user.getId(), payload.getUserId());
    assertEquals(user.getEmail(), payload.getEmail());
  }

  @Test
  void deadline() {
    TailRequest request = TailRequest.newBuilder().setKey(NOBODY).setFollow(true).build();
    fails(
        Status.Code.DEADLINE_EXCEEDED,
        () -> drain(bus().withDeadlineAfter(300, TimeUnit.MILLISECONDS).tail(request)));
  }

  @Test
  void cancel() throws Exception {
    WatchEventsRequest request = WatchEventsRequest.newBuilder().setSubject(NOBODY).build();
    ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor();
    Context.CancellableContext context = Context.current().withCancellation();
    later.schedule(() -> context.cancel(null), 200, TimeUnit.MILLISECONDS);
    context.run(
        () -> {
          Iterator<WatchEventsResponse> stream =
              AdminServiceGrpc.newBlockingStub(channel).watchEvents(request);
          fails(Status.Code.CANCELLED, () -> drain(stream));
        });
    later.shutdown();
    // The channel is not the worse for it.
    create("after-cancel");
  }
}
