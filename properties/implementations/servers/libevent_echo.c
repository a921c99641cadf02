// libevent, done right: a peer is not read while much waits for it, what waits at end-of-file still
// goes out, and accept pauses where there is no descriptor. Not for: the book's way, which is
// libevent_documented_echo.c. Usage: libevent_echo PORT
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>

enum { kMost = 65536 };

static void Event(struct bufferevent* peer, short events, void* context);

// After end-of-file: the last byte went out.
static void Drained(struct bufferevent* peer, void* context) {
  (void)context;
  bufferevent_free(peer);
}

static void Written(struct bufferevent* peer, void* context) {
  (void)context;
  bufferevent_enable(peer, EV_READ);
}

static void Read(struct bufferevent* peer, void* context) {
  (void)context;
  struct evbuffer* output = bufferevent_get_output(peer);
  evbuffer_add_buffer(output, bufferevent_get_input(peer));
  if (evbuffer_get_length(output) >= kMost) bufferevent_disable(peer, EV_READ);
}

static void Event(struct bufferevent* peer, short events, void* context) {
  (void)context;
  if ((events & BEV_EVENT_EOF) && evbuffer_get_length(bufferevent_get_output(peer)) > 0) {
    bufferevent_setcb(peer, NULL, Drained, Event, NULL);
  } else if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
    bufferevent_free(peer);
  }
}

static void Accept(struct evconnlistener* listener, evutil_socket_t descriptor,
                   struct sockaddr* address, int length, void* context) {
  (void)address, (void)length, (void)context;
  struct event_base* base = evconnlistener_get_base(listener);
  struct bufferevent* peer = bufferevent_socket_new(base, descriptor, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(peer, Read, Written, Event, NULL);
  bufferevent_enable(peer, EV_READ | EV_WRITE);
}

static void AcceptAgain(evutil_socket_t descriptor, short events, void* listener) {
  (void)descriptor, (void)events;
  evconnlistener_enable(listener);
}

static void AcceptFailed(struct evconnlistener* listener, void* context) {
  (void)context;
  struct timeval pause = {.tv_usec = 50000};
  evconnlistener_disable(listener);
  event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, AcceptAgain, listener, &pause);
}

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons(argc > 1 ? (unsigned short)atoi(argv[1]) : 7);
  struct event_base* base = event_base_new();
  struct evconnlistener* listener =
      evconnlistener_new_bind(base, Accept, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, -1,
                              (struct sockaddr*)&address, sizeof address);
  if (listener == NULL) return 1;
  evconnlistener_set_error_cb(listener, AcceptFailed);
  event_base_dispatch(base);
  return 0;
}
