// libuv's datagrams, done right: no bytes and a sender are an empty datagram, no sender is "nothing
// to read". Not for: streams. Usage: libuv_udp PORT
#include <stdlib.h>
#include <uv.h>

static void Allocate(uv_handle_t* handle, size_t size, uv_buf_t* buffer) {
  (void)handle;
  *buffer = uv_buf_init(malloc(size), (unsigned)size);
}

static void Sent(uv_udp_send_t* request, int status) {
  (void)status;
  free(request->data);
  free(request);
}

static void Receive(uv_udp_t* socket, ssize_t count, const uv_buf_t* buffer,
                    const struct sockaddr* sender, unsigned flags) {
  (void)flags;
  if (count < 0 || sender == NULL) {
    free(buffer->base);
    return;
  }
  uv_udp_send_t* request = malloc(sizeof *request);
  uv_buf_t data = uv_buf_init(buffer->base, (unsigned)count);
  request->data = buffer->base;
  if (uv_udp_send(request, socket, &data, 1, sender, Sent) != 0) Sent(request, 0);
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  uv_udp_t server;
  struct sockaddr_in address;
  uv_udp_init(loop, &server);
  uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 7, &address);
  if (uv_udp_bind(&server, (const struct sockaddr*)&address, 0) != 0) return 1;
  uv_udp_recv_start(&server, Allocate, Receive);
  return uv_run(loop, UV_RUN_DEFAULT);
}
