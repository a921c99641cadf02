// GLib's GThreadedSocketService in the way of GIO's own echo example: blocking streams, read and
// write, and nobody looks at how much was written. Not for: a sound server, which is glib_echo.c.
// Usage: glib_threaded_echo PORT
#include <gio/gio.h>
#include <stdlib.h>

static gboolean Run(GThreadedSocketService* service, GSocketConnection* peer, GObject* source,
                    gpointer data) {
  (void)service, (void)source, (void)data;
  GInputStream* input = g_io_stream_get_input_stream(G_IO_STREAM(peer));
  GOutputStream* output = g_io_stream_get_output_stream(G_IO_STREAM(peer));
  char bytes[16384];
  gssize count;
  while ((count = g_input_stream_read(input, bytes, sizeof bytes, NULL, NULL)) > 0) {
    g_output_stream_write(output, bytes, (gsize)count, NULL, NULL);
  }
  return TRUE;
}

int main(int argc, char** argv) {
  GSocketService* service = g_threaded_socket_service_new(10);
  GInetAddress* loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
  GSocketAddress* address =
      g_inet_socket_address_new(loopback, argc > 1 ? (guint16)atoi(argv[1]) : 7);
  if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), address, G_SOCKET_TYPE_STREAM,
                                     G_SOCKET_PROTOCOL_TCP, NULL, NULL, NULL)) {
    return 1;
  }
  g_signal_connect(service, "run", G_CALLBACK(Run), NULL);
  g_main_loop_run(g_main_loop_new(NULL, FALSE));
  return 0;
}
