// A plain echo server (RFC 862) over TCP: one thread, poll, many connections; the port is its
// argument. SIGTERM ends it, as it does any program. It is what operators.py breaks at every place
// where one slip of the pen would do; nothing in it is there twice, so that hardly one is without
// effect. Not for: use.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

// The kernel's buffer is small, so that many a write is partial.
enum { kRingBytes = 16384, kSendBytes = 16384, kMostDescriptors = 4096, kFullMs = 100 };

// What was received and not yet sent back is `count` bytes from `start` on, round the ring.
struct peer {
  bool ended;  // its FIN was read
  bool gone;   // it was reset
  size_t start;
  size_t count;
  char ring[kRingBytes];
};

// By descriptor. A place whose `fd` is -1 is free (poll leaves it out).
static struct peer peers[kMostDescriptors];
static struct pollfd polls[kMostDescriptors];
static int highest;  // of all descriptors so far

static void take_in(int fd, struct peer* peer) {
  size_t end = (peer->start + peer->count) % kRingBytes;
  size_t room = end < peer->start ? peer->start - end : kRingBytes - end;
  ssize_t got = read(fd, peer->ring + end, room);
  if (got > 0) {
    peer->count += got;
  } else if (got == 0) {
    peer->ended = true;
  } else if (errno != EAGAIN) {
    peer->gone = true;
  }
}

static void give_back(int fd, struct peer* peer) {
  size_t piece = kRingBytes - peer->start;
  if (piece > peer->count) piece = peer->count;
  ssize_t sent = write(fd, peer->ring + peer->start, piece);
  if (sent >= 0) {
    peer->start = (peer->start + sent) % kRingBytes;
    peer->count -= sent;
  } else if (errno != EAGAIN) {
    peer->gone = true;
  }
}

static bool has_room(const struct peer* peer) { return !peer->ended && peer->count < kRingBytes; }

static void serve(int fd) {
  struct peer* peer = &peers[fd];
  if (has_room(peer)) take_in(fd, peer);
  if (peer->count > 0) give_back(fd, peer);
  if (peer->gone || (peer->ended && peer->count == 0)) {
    close(fd);
    polls[fd].fd = -1;
    return;
  }
  polls[fd].events = 0;
  if (has_room(peer)) polls[fd].events |= POLLIN;
  if (peer->count > 0) polls[fd].events |= POLLOUT;
}

static void welcome(int fd) {
  if (fd >= kMostDescriptors) {
    close(fd);
    return;
  }
  // The ring keeps what an earlier peer left there; nobody reads that.
  peers[fd].ended = peers[fd].gone = false;
  peers[fd].start = peers[fd].count = 0;
  polls[fd].fd = fd;
  polls[fd].events = POLLIN;
  if (fd > highest) highest = fd;
}

// Takes all who wait. Whether there may be more whom it could not take, for want of descriptors or
// memory: they stay in the queue, and poll would tell of them without end.
static bool accept_all(int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) welcome(fd);
  return errno != EAGAIN;
}

static int listen_at(const char* port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(strtoul(port, NULL, 10))};
  int on = 1;
  int send_bytes = kSendBytes;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // Each connection inherits it.
  setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
  if (bind(listener, (struct sockaddr*)&address, sizeof(address)) != 0) return -1;
  return listen(listener, SOMAXCONN) == 0 ? listener : -1;
}

int main(int argc, char** argv) {
  int listener = argc == 2 ? listen_at(argv[1]) : -1;
  if (listener < 0) {
    perror("plain_echo PORT");
    return 1;
  }
  signal(SIGPIPE, SIG_IGN);
  for (int fd = 0; fd < kMostDescriptors; ++fd) polls[fd].fd = -1;
  polls[listener] = (struct pollfd){.fd = listener, .events = POLLIN};
  highest = listener;
  bool full = false;
  while (poll(polls, highest + 1, full ? kFullMs : -1) >= 0) {
    for (int fd = listener + 1; fd <= highest; ++fd) {
      if (polls[fd].revents != 0) serve(fd);
    }
    full = (full || polls[listener].revents != 0) && accept_all(listener);
    polls[listener].events = full ? 0 : POLLIN;
  }
  return 1;
}
