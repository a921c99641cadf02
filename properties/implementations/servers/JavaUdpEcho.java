import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;

/** Datagrams by DatagramSocket; the packet that came goes back. Not for: streams. Usage: java JavaUdpEcho PORT */
class JavaUdpEcho {
  public static void main(String[] arguments) throws IOException {
    int port = Integer.parseInt(arguments[0]);
    try (DatagramSocket socket = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
      DatagramPacket packet = new DatagramPacket(new byte[65535], 65535);
      while (true) {
        packet.setLength(65535);
        socket.receive(packet);
        socket.send(packet);
      }
    }
  }
}
