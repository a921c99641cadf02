import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;

/**
 * Datagrams by Netty with its defaults, in the way of its datagram examples.
 * Not for: datagrams above the default receive buffer. Usage: java NettyUdpEcho PORT
 */
class NettyUdpEcho extends SimpleChannelInboundHandler<DatagramPacket> {
  public static void main(String[] arguments) throws InterruptedException {
    new Bootstrap()
        .group(new NioEventLoopGroup(1))
        .channel(NioDatagramChannel.class)
        .handler(new NettyUdpEcho())
        .bind("127.0.0.1", Integer.parseInt(arguments[0]))
        .sync()
        .channel()
        .closeFuture()
        .sync();
  }

  @Override
  public void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
    context.writeAndFlush(new DatagramPacket(packet.content().retain(), packet.sender()));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // One answer that could not be sent is no reason to close the socket of all.
  }
}
