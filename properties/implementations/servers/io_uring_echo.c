// io_uring by liburing: one operation in flight for each connection, a short send is continued.
// Not for: multishot and provided buffers. Usage: io_uring_echo PORT
#include <arpa/inet.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  int descriptor, sending;
  unsigned begin, end;
  char bytes[16384];
} Peer;

static struct io_uring ring;

static struct io_uring_sqe* Next(void) {
  struct io_uring_sqe* entry = io_uring_get_sqe(&ring);
  while (entry == NULL) {
    io_uring_submit(&ring);
    entry = io_uring_get_sqe(&ring);
  }
  return entry;
}

static void Accept(int server) {
  struct io_uring_sqe* entry = Next();
  io_uring_prep_accept(entry, server, NULL, NULL, SOCK_CLOEXEC);
  io_uring_sqe_set_data(entry, NULL);
}

static void AcceptLater(int server) {
  static struct __kernel_timespec pause = {.tv_nsec = 50000000};
  struct io_uring_sqe* entry = Next();
  io_uring_prep_timeout(entry, &pause, 0, 0);
  io_uring_sqe_set_data(entry, &pause);
  (void)server;
}

static void Go(Peer* peer) {
  struct io_uring_sqe* entry = Next();
  peer->sending = peer->begin < peer->end;
  if (peer->sending) {
    io_uring_prep_send(entry, peer->descriptor, peer->bytes + peer->begin, peer->end - peer->begin,
                       MSG_NOSIGNAL);
  } else {
    io_uring_prep_recv(entry, peer->descriptor, peer->bytes, sizeof peer->bytes, 0);
  }
  io_uring_sqe_set_data(entry, peer);
}

static void Done(Peer* peer, int result) {
  if (result <= 0) {
    close(peer->descriptor);
    free(peer);
    return;
  }
  if (peer->sending) {
    peer->begin += (unsigned)result;
  } else {
    peer->begin = 0;
    peer->end = (unsigned)result;
  }
  Go(peer);
}

static void Accepted(int server, int result) {
  if (result < 0) return AcceptLater(server);  // no descriptor left, say
  Peer* peer = calloc(1, sizeof *peer);
  peer->descriptor = result;
  Go(peer);
  Accept(server);
}

int main(int argc, char** argv) {
  int on = 1;
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons(argc > 1 ? (unsigned short)atoi(argv[1]) : 7);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(server, (struct sockaddr*)&address, sizeof address) != 0 || listen(server, 128) != 0)
    return 1;
  if (io_uring_queue_init(1024, &ring, 0) != 0) return 2;
  Accept(server);
  while (1) {
    struct io_uring_cqe* entry;
    io_uring_submit(&ring);
    if (io_uring_wait_cqe(&ring, &entry) != 0) continue;
    Peer* peer = io_uring_cqe_get_data(entry);
    int result = entry->res;
    io_uring_cqe_seen(&ring, entry);
    if (result == -ETIME) {
      Accept(server);
    } else if (peer == NULL) {
      Accepted(server, result);
    } else {
      Done(peer, result);
    }
  }
}
