// libuv, done right: one buffer a connection, not read into while it is being written, and
// end-of-file is seen only when all went out. Not for: the user guide's way, which is
// libuv_documented_echo.c. Usage: libuv_echo PORT
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

typedef struct {
  uv_tcp_t stream;
  uv_write_t write;
  char bytes[65536];
} Peer;

static void Read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);

static void Closed(uv_handle_t* handle) { free(handle->data); }

static void Allocate(uv_handle_t* handle, size_t size, uv_buf_t* buffer) {
  (void)size;
  Peer* peer = handle->data;
  *buffer = uv_buf_init(peer->bytes, sizeof peer->bytes);
}

static void Written(uv_write_t* request, int status) {
  uv_stream_t* stream = request->handle;
  if (status == 0) {
    uv_read_start(stream, Allocate, Read);
  } else if (!uv_is_closing((uv_handle_t*)stream)) {
    uv_close((uv_handle_t*)stream, Closed);
  }
}

static void Read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count == 0) return;
  Peer* peer = stream->data;
  uv_buf_t data = uv_buf_init(buffer->base, count > 0 ? (unsigned)count : 0);
  uv_read_stop(stream);
  if (count < 0 || uv_write(&peer->write, stream, &data, 1, Written) != 0) {
    uv_close((uv_handle_t*)stream, Closed);
  }
}

static void Connected(uv_stream_t* server, int status) {
  if (status < 0) return;
  Peer* peer = malloc(sizeof *peer);
  uv_tcp_init(server->loop, &peer->stream);
  peer->stream.data = peer;
  if (uv_accept(server, (uv_stream_t*)&peer->stream) == 0) {
    uv_read_start((uv_stream_t*)&peer->stream, Allocate, Read);
  } else {
    uv_close((uv_handle_t*)&peer->stream, Closed);
  }
}

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t server;
  struct sockaddr_in address;
  uv_tcp_init(loop, &server);
  uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 7, &address);
  uv_tcp_bind(&server, (const struct sockaddr*)&address, 0);
  if (uv_listen((uv_stream_t*)&server, 128, Connected) != 0) return 1;
  return uv_run(loop, UV_RUN_DEFAULT);
}
