// Boost.Asio's asynchronous session: read some, write all, again; a session lives by its own
// shared_ptr. Not for: datagrams, which are asio_udp.cc. Usage: asio_echo PORT
#include <array>
#include <boost/asio.hpp>
#include <cstdlib>
#include <memory>
#include <utility>

using boost::asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void Read() {
    auto self = shared_from_this();
    socket_.async_read_some(boost::asio::buffer(bytes_),
                            [this, self](boost::system::error_code error, std::size_t count) {
                              if (!error) Write(count);
                            });
  }

 private:
  void Write(std::size_t count) {
    auto self = shared_from_this();
    boost::asio::async_write(socket_, boost::asio::buffer(bytes_, count),
                             [this, self](boost::system::error_code error, std::size_t) {
                               if (!error) Read();
                             });
  }

  tcp::socket socket_;
  std::array<char, 1024> bytes_;
};

void Accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](boost::system::error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket))->Read();
    Accept(acceptor);
  });
}

int main(int argc, char** argv) {
  boost::asio::io_context context;
  const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 7);
  tcp::acceptor acceptor(context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
  Accept(acceptor);
  context.run();
}
