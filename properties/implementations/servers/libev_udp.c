// Datagrams by recvfrom and sendto on one socket, watched by libev. Not for: streams. Usage:
// libev_udp PORT
#include <arpa/inet.h>
#include <ev.h>
#include <stdlib.h>
#include <sys/socket.h>

static void Echo(struct ev_loop* loop, ev_io* watcher, int events) {
  (void)loop, (void)events;
  static char bytes[65536];
  struct sockaddr_storage sender;
  socklen_t length = sizeof sender;
  ssize_t count =
      recvfrom(watcher->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr*)&sender, &length);
  if (count >= 0) sendto(watcher->fd, bytes, (size_t)count, 0, (struct sockaddr*)&sender, length);
}

int main(int argc, char** argv) {
  int server = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons(argc > 1 ? (unsigned short)atoi(argv[1]) : 7);
  if (bind(server, (struct sockaddr*)&address, sizeof address) != 0) return 1;
  struct ev_loop* loop = ev_default_loop(0);
  ev_io watcher;
  ev_io_init(&watcher, Echo, server, EV_READ);
  ev_io_start(loop, &watcher);
  ev_run(loop, 0);
  return 0;
}
