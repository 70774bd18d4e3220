// What nghttp2 tells a connection, and asks it for.

#include <optional>
#include <utility>

#include "rpc/http2_connection_internal.h"

namespace millrace::rpc {
namespace {

// Streams that a client may reset at once, and a second: calls whose deadlines
// pass come in crowds.
constexpr uint64_t kResetBurst = 10'000;
constexpr uint64_t kResetRate = 1'000;

}  // namespace

// nghttp2's own calls. Nothing throws through it.
struct Http2Connection::Callbacks {
  static Http2Connection& Self(void* user) {
    return *static_cast<Http2Connection*>(user);
  }

  static int BeginHeaders(nghttp2_session*, const nghttp2_frame* frame,
                          void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS ||
        frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
      return 0;
    }
    Http2Connection& self = Self(user);
    const int32_t stream = frame->hd.stream_id;
    self.streams_.emplace(stream, std::make_shared<Http2Call>(&self, stream));
    return 0;
  }

  static int Header(nghttp2_session*, const nghttp2_frame* frame,
                    const uint8_t* name, size_t name_size, const uint8_t* value,
                    size_t value_size, uint8_t, void* user) {
    Http2Call* call = Self(user).Find(frame->hd.stream_id);
    if (call == nullptr) return 0;
    call->OnField({reinterpret_cast<const char*>(name), name_size},
                  {reinterpret_cast<const char*>(value), value_size});
    return 0;
  }

  static int FrameReceived(nghttp2_session*, const nghttp2_frame* frame,
                           void* user) {
    Http2Connection& self = Self(user);
    if (self.phase_ != Phase::kOpen) return NGHTTP2_ERR_CALLBACK_FAILURE;
    self.OnFrame(*frame);
    return 0;
  }

  static int Data(nghttp2_session*, uint8_t, int32_t stream,
                  const uint8_t* data, size_t size, void* user) {
    Http2Connection& self = Self(user);
    self.owed_ += size;
    Http2Call* call = self.Find(stream);
    if (call == nullptr) {
      self.Consume(stream, size);
    } else {
      self.unread_ += size;
      call->OnData({reinterpret_cast<const char*>(data), size});
    }
    self.ReturnWindow();
    return 0;
  }

  static int StreamClosed(nghttp2_session*, int32_t stream, uint32_t,
                          void* user) {
    Self(user).OnStreamClosed(stream);
    return 0;
  }

  static int FrameSent(nghttp2_session*, const nghttp2_frame* frame,
                       void* user) {
    Self(user).OnFrameSent(*frame);
    return 0;
  }

  static ssize_t NextOutput(nghttp2_session* session, int32_t stream, uint8_t*,
                            size_t limit, uint32_t* flags, nghttp2_data_source*,
                            void* user) {
    const Http2Call* call = Self(user).Find(stream);
    if (call == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    bool last = false;
    const std::optional<size_t> size = call->NextOutput(limit, &last);
    if (!size.has_value()) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (last) {
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const Http2Fields& trailers = call->trailers();
      nghttp2_submit_trailer(session, stream, trailers.data(), trailers.size());
    }
    return static_cast<ssize_t>(*size);
  }

  static int SendData(nghttp2_session*, nghttp2_frame* frame,
                      const uint8_t* head, size_t size, nghttp2_data_source*,
                      void* user) {
    constexpr size_t kFrameHead = 9;
    Http2Connection& self = Self(user);
    Http2Call* call = self.Find(frame->hd.stream_id);
    if (call == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    self.out_.append(reinterpret_cast<const char*>(head), kFrameHead);
    call->TakeOutput(size, &self.out_);
    return 0;
  }
};

void Http2Connection::SubmitReply(int32_t stream, const Http2Fields& headers) {
  nghttp2_data_provider provider{};
  provider.read_callback = &Callbacks::NextOutput;
  nghttp2_submit_response(session_, stream, headers.data(), headers.size(),
                          &provider);
  FlushSoon();
}

nghttp2_session* Http2Connection::NewSession(Http2Connection* connection) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      callbacks, &Callbacks::BeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(callbacks,
                                                   &Callbacks::Header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, &Callbacks::FrameReceived);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                            &Callbacks::Data);
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, &Callbacks::StreamClosed);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks,
                                                       &Callbacks::FrameSent);
  nghttp2_session_callbacks_set_send_data_callback(callbacks,
                                                   &Callbacks::SendData);
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_stream_reset_rate_limit(options, kResetBurst, kResetRate);
  // Streams that are closed are not asked for again.
  nghttp2_option_set_no_closed_streams(options, 1);
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new2(&session, callbacks, connection, options);
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);
  return session;
}

}  // namespace millrace::rpc
