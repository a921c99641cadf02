// GLib's GSocketService and g_output_stream_splice_async: the input spliced into the output of the
// same connection. Not for: threads, which are glib_threaded_echo.c. Usage: glib_echo PORT
#include <gio/gio.h>
#include <stdlib.h>

static void Finished(GObject* output, GAsyncResult* result, gpointer peer) {
  g_output_stream_splice_finish(G_OUTPUT_STREAM(output), result, NULL);
  g_io_stream_close(G_IO_STREAM(peer), NULL, NULL);
  g_object_unref(peer);
}

static gboolean Incoming(GSocketService* service, GSocketConnection* peer, GObject* source,
                         gpointer data) {
  (void)service, (void)source, (void)data;
  GIOStream* stream = G_IO_STREAM(g_object_ref(peer));
  g_output_stream_splice_async(g_io_stream_get_output_stream(stream),
                               g_io_stream_get_input_stream(stream), G_OUTPUT_STREAM_SPLICE_NONE,
                               G_PRIORITY_DEFAULT, NULL, Finished, peer);
  return TRUE;
}

int main(int argc, char** argv) {
  GSocketService* service = g_socket_service_new();
  g_socket_listener_set_backlog(G_SOCKET_LISTENER(service), 128);
  GInetAddress* loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
  GSocketAddress* address =
      g_inet_socket_address_new(loopback, argc > 1 ? (guint16)atoi(argv[1]) : 7);
  if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), address, G_SOCKET_TYPE_STREAM,
                                     G_SOCKET_PROTOCOL_TCP, NULL, NULL, NULL)) {
    return 1;
  }
  g_signal_connect(service, "incoming", G_CALLBACK(Incoming), NULL);
  g_main_loop_run(g_main_loop_new(NULL, FALSE));
  return 0;
}
