// libuv in the way of its user guide's tcp-echo-server: each read is written, and end-of-file
// closes at once. Not for: a sound server, which is libuv_echo.c. Usage: libuv_documented_echo PORT
#include <stdlib.h>
#include <uv.h>

typedef struct {
  uv_write_t request;
  uv_buf_t data;
} Write;

static void Allocate(uv_handle_t* handle, size_t size, uv_buf_t* buffer) {
  (void)handle;
  *buffer = uv_buf_init(malloc(size), (unsigned)size);
}

static void Closed(uv_handle_t* handle) { free(handle); }

static void Written(uv_write_t* request, int status) {
  (void)status;
  Write* write = (Write*)request;
  free(write->data.base);
  free(write);
}

static void Read(uv_stream_t* peer, ssize_t count, const uv_buf_t* buffer) {
  if (count > 0) {
    Write* write = malloc(sizeof *write);
    write->data = uv_buf_init(buffer->base, (unsigned)count);
    uv_write(&write->request, peer, &write->data, 1, Written);
    return;
  }
  if (count < 0) uv_close((uv_handle_t*)peer, Closed);
  free(buffer->base);
}

static void Connected(uv_stream_t* server, int status) {
  if (status < 0) return;
  uv_tcp_t* peer = malloc(sizeof *peer);
  uv_tcp_init(server->loop, peer);
  if (uv_accept(server, (uv_stream_t*)peer) == 0) {
    uv_read_start((uv_stream_t*)peer, Allocate, Read);
  } else {
    uv_close((uv_handle_t*)peer, Closed);
  }
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t server;
  struct sockaddr_in address;
  uv_tcp_init(loop, &server);
  uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 7, &address);
  uv_tcp_bind(&server, (const struct sockaddr*)&address, 0);
  if (uv_listen((uv_stream_t*)&server, 128, Connected) != 0) return 1;
  return uv_run(loop, UV_RUN_DEFAULT);
}
