// A plain echo server (RFC 862) over UDP: one datagram in, one out; the port is its argument.
// SIGTERM ends it, as it does any program. It is what operators.py breaks, as it does plain_echo.c.
// Not for: use.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

// As many as a datagram holds at most, over IPv4.
enum { kBytes = 65507 };

// Two servers that answer each other never stop (CERT CA-1996-01): echo, daytime, quotd, chargen,
// time.
static bool is_small_service(int port) {
  return port == 7 || port == 13 || port == 17 || port == 19 || port == 37;
}

static int bind_to(const char* port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(strtoul(port, NULL, 10))};
  int on = 1;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  // Each datagram comes with the address that it was sent to.
  setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
  return bind(fd, (struct sockaddr*)&address, sizeof(address)) == 0 ? fd : -1;
}

static void echo_one(int fd) {
  static char bytes[kBytes];
  struct sockaddr_in sender;
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
  } control;
  struct iovec data = {.iov_base = bytes, .iov_len = kBytes};
  struct msghdr message = {.msg_name = &sender,
                           .msg_namelen = sizeof(sender),
                           .msg_iov = &data,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof(control)};
  ssize_t got = recvmsg(fd, &message, 0);
  if (got < 0 || is_small_service(ntohs(sender.sin_port))) return;
  data.iov_len = got;
  // As it came: to whom sent it, from the address that it was sent to.
  sendmsg(fd, &message, 0);
}

int main(int argc, char** argv) {
  int fd = argc == 2 ? bind_to(argv[1]) : -1;
  if (fd < 0) {
    perror("plain_datagram_echo PORT");
    return 1;
  }
  while (true) echo_one(fd);
}
