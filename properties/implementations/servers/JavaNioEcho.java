import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * One thread and a Selector; a buffer for each connection, not read into while it holds something.
 * Not for: threads, which are JavaThreadsEcho. Usage: java JavaNioEcho PORT
 */
class JavaNioEcho {
  public static void main(String[] arguments) throws IOException {
    Selector selector = Selector.open();
    ServerSocketChannel server = ServerSocketChannel.open();
    int port = Integer.parseInt(arguments[0]);
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 128);
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
    while (true) {
      selector.select(JavaNioEcho::ready);
    }
  }

  private static void ready(SelectionKey key) {
    try {
      if (key.isAcceptable()) {
        accept(key);
      } else {
        echo(key);
      }
    } catch (IOException error) {
      if (key.channel() instanceof SocketChannel) {
        close(key);
      } else {
        pause(); // no descriptor left: the queue stays ready
      }
    }
  }

  private static void accept(SelectionKey key) throws IOException {
    SocketChannel connection = ((ServerSocketChannel) key.channel()).accept();
    if (connection != null) {
      connection.configureBlocking(false);
      connection.register(key.selector(), SelectionKey.OP_READ, ByteBuffer.allocate(16384));
    }
  }

  private static void echo(SelectionKey key) throws IOException {
    SocketChannel connection = (SocketChannel) key.channel();
    ByteBuffer buffer = (ByteBuffer) key.attachment();
    if (key.isReadable()) {
      if (connection.read(buffer.clear()) < 0) {
        close(key);
        return;
      }
      buffer.flip();
    }
    connection.write(buffer);
    key.interestOps(buffer.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
  }

  private static void close(SelectionKey key) {
    try {
      key.channel().close();
    } catch (IOException error) {
      // It is closed all the same.
    }
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }
}
