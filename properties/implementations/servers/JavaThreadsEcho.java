import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A thread for each connection and InputStream.transferTo. Not for: NIO. Usage: java JavaThreadsEcho PORT */
class JavaThreadsEcho {
  public static void main(String[] arguments) throws IOException {
    int port = Integer.parseInt(arguments[0]);
    try (ServerSocket server = new ServerSocket(port, 128, InetAddress.getLoopbackAddress())) {
      while (true) {
        try {
          Socket connection = server.accept();
          new Thread(() -> echo(connection)).start();
        } catch (IOException error) {
          pause(); // no descriptor left: the queue stays ready
        }
      }
    }
  }

  private static void echo(Socket connection) {
    try (connection) {
      connection.getInputStream().transferTo(connection.getOutputStream());
    } catch (IOException error) {
      // The peer is gone: so is its connection.
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
