// libevent's listener and bufferevent in the way of its book's echo server: all input moves to the
// output, the end of the input frees the connection, and an error of accept ends the loop. Not for:
// a sound server, which is libevent_echo.c. Usage: libevent_documented_echo PORT
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdlib.h>

static void Read(struct bufferevent* peer, void* context) {
  (void)context;
  evbuffer_add_buffer(bufferevent_get_output(peer), bufferevent_get_input(peer));
}

static void Event(struct bufferevent* peer, short events, void* context) {
  (void)context;
  if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) bufferevent_free(peer);
}

static void Accept(struct evconnlistener* listener, evutil_socket_t descriptor,
                   struct sockaddr* address, int length, void* context) {
  (void)address, (void)length, (void)context;
  struct event_base* base = evconnlistener_get_base(listener);
  struct bufferevent* peer = bufferevent_socket_new(base, descriptor, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(peer, Read, NULL, Event, NULL);
  bufferevent_enable(peer, EV_READ | EV_WRITE);
}

static void AcceptFailed(struct evconnlistener* listener, void* context) {
  (void)context;
  event_base_loopexit(evconnlistener_get_base(listener), NULL);
}

int main(int argc, char** argv) {
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
