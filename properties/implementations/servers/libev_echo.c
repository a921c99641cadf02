// libev with one watcher a connection: readable while nothing waits, writable while something does.
// Not for: other event libraries. Usage: libev_echo PORT
#define _GNU_SOURCE  // accept4
#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  ev_io watcher;
  size_t begin, end;
  char bytes[16384];
} Peer;

static ev_timer again;
static ev_io listening;

static void Close(struct ev_loop* loop, Peer* peer) {
  ev_io_stop(loop, &peer->watcher);
  close(peer->watcher.fd);
  free(peer);
}

static void Watch(struct ev_loop* loop, Peer* peer, int events) {
  if (peer->watcher.events == events) return;
  ev_io_stop(loop, &peer->watcher);
  ev_io_set(&peer->watcher, peer->watcher.fd, events);
  ev_io_start(loop, &peer->watcher);
}

static void Echo(struct ev_loop* loop, ev_io* watcher, int events) {
  Peer* peer = (Peer*)watcher;
  if (events & EV_READ) {
    ssize_t count = recv(watcher->fd, peer->bytes, sizeof peer->bytes, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return Close(loop, peer);
    peer->begin = 0;
    peer->end = (size_t)count;
  }
  ssize_t count =
      send(watcher->fd, peer->bytes + peer->begin, peer->end - peer->begin, MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) return Close(loop, peer);
  if (count > 0) peer->begin += (size_t)count;
  Watch(loop, peer, peer->begin < peer->end ? EV_WRITE : EV_READ);
}

static void AcceptAgain(struct ev_loop* loop, ev_timer* timer, int events) {
  (void)timer, (void)events;
  ev_io_start(loop, &listening);
}

static void Accept(struct ev_loop* loop, ev_io* watcher, int events) {
  (void)events;
  int descriptor = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor <
      0) {  // no descriptor left, say: the queue stays ready, so look away for a moment
    ev_io_stop(loop, watcher);
    ev_timer_set(&again, 0.05, 0.);
    ev_timer_start(loop, &again);
    return;
  }
  Peer* peer = calloc(1, sizeof *peer);
  ev_io_init(&peer->watcher, Echo, descriptor, EV_READ);
  ev_io_start(loop, &peer->watcher);
}

int main(int argc, char** argv) {
  int on = 1;
  int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons(argc > 1 ? (unsigned short)atoi(argv[1]) : 7);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(server, (struct sockaddr*)&address, sizeof address) != 0 || listen(server, 128) != 0)
    return 1;
  struct ev_loop* loop = ev_default_loop(0);
  ev_timer_init(&again, AcceptAgain, 0., 0.);
  ev_io_init(&listening, Accept, server, EV_READ);
  ev_io_start(loop, &listening);
  ev_run(loop, 0);
  return 0;
}
