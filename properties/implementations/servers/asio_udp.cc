// Boost.Asio's datagrams with room for the largest one, and an answer to an empty one.
// Not for: the documented example, which is asio_documented_udp.cc. Usage: asio_udp PORT
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
                                 if (!error) {
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
  char bytes_[65536];
};

int main(int argc, char** argv) {
  boost::asio::io_context context;
  Server server(context, static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 7));
  context.run();
}
