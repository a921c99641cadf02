// Boost.Asio's datagrams in the way of its documented echo server: a buffer of 1,024 bytes.
// Not for: larger datagrams, which are for asio_udp.cc. Usage: asio_documented_udp PORT
#include <boost/asio.hpp>
#include <cstdlib>

using boost::asio::ip::udp;

class Server {
 public:
  Server(boost::asio::io_context& context, unsigned short port)
      : socket_(context, udp::endpoint(boost::asio::ip::address_v4::loopback(), port)) {
    Receive();
  }

 private:
  void Receive() {
    socket_.async_receive_from(boost::asio::buffer(bytes_), sender_,
                               [this](boost::system::error_code error, std::size_t count) {
                                 if (!error && count > 0) {
                                   Send(count);
                                 } else {
                                   Receive();
                                 }
                               });
  }

  void Send(std::size_t count) {
    socket_.async_send_to(boost::asio::buffer(bytes_, count), sender_,
                          [this](boost::system::error_code, std::size_t) { Receive(); });
  }

  udp::socket socket_;
  udp::endpoint sender_;
  char bytes_[1024];
};

int main(int argc, char** argv) {
  boost::asio::io_context context;
  Server server(context, static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 7));
  context.run();
}
