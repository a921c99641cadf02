// A client's datagrams: those of the peer that was heard first, each answered by one.
#include <sys/socket.h>

#include <deque>
#include <utility>

#include "core/address.h"
#include "core/posix_kernel.h"
#include "core/status.h"
#include "properties/stage/socket/client_wire.h"
#include "properties/stage/socket/datagram_socket.h"

namespace verbatim {
namespace {

class DatagramWire : public ClientWire {
 public:
  explicit DatagramWire(BoundSockets bound) : bound_(std::move(bound)) { place_ = bound_.place(); }

  void AddPolls(bool reads, bool writes, std::vector<pollfd>* polls) const override {
    for (const UniqueFd& fd : bound_.fds) {
      const int events = (reads || !begun_ ? POLLIN : 0) | (writes && begun_ ? POLLOUT : 0);
      polls->push_back({fd.get(), static_cast<int16_t>(events), 0});
    }
  }

  bool Accept() override { return false; }

  size_t Recv(absl::Span<char> buffer) override {
    for (size_t i = 0; i < bound_.fds.size(); ++i) {
      const UniqueFd& fd = bound_.fds[i];
      if (begun_ && i != begun_at_) continue;
      sockaddr_storage from{};
      socklen_t length = sizeof(from);
      auto* const name = reinterpret_cast<sockaddr*>(&from);
      const ssize_t got = RetryEintr([&]() -> ssize_t {
        const ssize_t bytes =
            ::recvfrom(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT, name, &length);
        return bytes < 0 ? -errno : bytes;
      });
      if (got < 0) continue;
      absl::StatusOr<SocketAddress> peer = SocketAddress::FromSockaddr(name, length);
      if (!peer.ok() || (begun_ && !(*peer == peer_))) continue;
      begun_ = true;
      begun_at_ = i;
      fd_ = fd.get();
      peer_ = *std::move(peer);
      if (got == 0) continue;  // it asks for nothing
      taken_bytes_ += static_cast<uint64_t>(got);
      ends_.push_back(taken_bytes_);
      return static_cast<size_t>(got);
    }
    return 0;
  }
  Ending theirs() const override { return Ending::kOpen; }

  bool CanReply() const override { return begun_ && !bound_.fds.empty(); }
  size_t Reply(absl::Span<const char> bytes) override {
    if (!CanReply() || ends_.empty()) return 0;
    const auto count = static_cast<size_t>(ends_.front() - replied_bytes_);
    if (bytes.size() < count || !Send(fd_, bytes.first(count))) return 0;
    replied_bytes_ = ends_.front();
    ends_.pop_front();
    return count;
  }
  uint64_t Whole(uint64_t target) const override {
    for (const uint64_t end : ends_) {
      if (end >= target) return end;
    }
    return target;
  }
  std::optional<bool> Settled() override { return true; }

  void Shutdown() override {}
  void Reset() override { bound_.fds.clear(); }
  void Close() override { bound_.fds.clear(); }

  void SendEmpty() override { Send(fd_, {}); }
  void SendFromStranger(absl::Span<const char> bytes) override {
    const absl::StatusOr<UniqueFd> stranger = OpenDatagramSocket(peer_);
    if (stranger.ok()) Send(stranger->get(), bytes);
  }
  uint64_t Drop() override {
    if (ends_.empty()) return 0;
    const uint64_t count = ends_.front() - replied_bytes_;
    replied_bytes_ = ends_.front();
    ends_.pop_front();
    return count;
  }

 private:
  bool Send(int fd, absl::Span<const char> bytes) const {
    return begun_ && ::sendto(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                              peer_.data(), peer_.size()) >= 0;
  }

  BoundSockets bound_;
  int fd_ = -1;  // the one of bound_ that was asked
  SocketAddress peer_;
  uint64_t taken_bytes_ = 0;
  uint64_t replied_bytes_ = 0;
  std::deque<uint64_t> ends_;  // of those without an answer, in bytes of all that came
};

}  // namespace

absl::StatusOr<std::unique_ptr<ClientWire>> OpenDatagramWire(const ClientDoor& door) {
  absl::StatusOr<BoundSockets> bound = BindAll(door);
  if (!bound.ok()) return bound.status();
  return std::make_unique<DatagramWire>(*std::move(bound));
}

}  // namespace verbatim
