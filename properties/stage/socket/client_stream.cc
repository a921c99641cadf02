// A client's connection: the first that comes.
#include <sys/socket.h>

#include <utility>

#include "core/posix_kernel.h"
#include "properties/stage/socket/client_wire.h"
#include "properties/stage/socket/line.h"
#include "properties/stage/socket/queue.h"

namespace verbatim {
namespace {

class StreamWire : public ClientWire {
 public:
  explicit StreamWire(BoundSockets bound) : bound_(std::move(bound)) { place_ = bound_.place(); }

  void AddPolls(bool reads, bool writes, std::vector<pollfd>* polls) const override {
    if (!begun_) {
      for (const UniqueFd& fd : bound_.fds) polls->push_back({fd.get(), POLLIN, 0});
      return;
    }
    const bool reading = reads && line_.open();
    const bool writing = writes && CanReply();
    if (!reading && !writing) return;
    const int events = (reading ? POLLIN : 0) | (writing ? POLLOUT : 0);
    polls->push_back({line_.fd(), static_cast<int16_t>(events), 0});
  }

  // Who comes after the first finds nobody: a client has one connection.
  bool Accept() override {
    if (begun_) return false;
    for (size_t i = 0; i < bound_.fds.size(); ++i) {
      UniqueFd fd(PosixKernel().Accept(bound_.fds[i].get(), nullptr, nullptr,
                                       SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) continue;
      begun_at_ = i;
      line_.Adopt(std::move(fd));
      bound_.fds.clear();
      return begun_ = true;
    }
    return false;
  }

  size_t Recv(absl::Span<char> buffer) override { return line_.open() ? line_.Recv(buffer) : 0; }
  Ending theirs() const override { return closed_ ? Ending::kOpen : line_.ending(); }

  // After its FIN too.
  bool CanReply() const override {
    const bool reset = line_.ending() == Ending::kReset || line_.ending() == Ending::kTimedOut;
    return begun_ && !closed_ && !shut_ && !line_.broken() && !reset;
  }
  size_t Reply(absl::Span<const char> bytes) override {
    const size_t sent = CanReply() ? line_.Send(bytes) : 0;
    replied_bytes_ += sent;
    return sent;
  }
  std::optional<bool> Settled() override {
    if (!begun_ || closed_ || replied_bytes_ == 0) return true;
    const std::optional<uint64_t> unread = PeerQueue(line_.fd()).Unread(replied_bytes_);
    if (!unread) return std::nullopt;
    return *unread == 0;
  }

  void Shutdown() override {
    if (!CanReply()) return;
    line_.Shutdown();
    shut_ = true;
  }
  void Reset() override {
    if (!std::exchange(closed_, true)) line_.Reset();
    bound_.fds.clear();
  }
  void Close() override {
    if (!std::exchange(closed_, true)) line_.Close();
    bound_.fds.clear();
  }

 private:
  BoundSockets bound_;
  Line line_;
  uint64_t replied_bytes_ = 0;
  bool shut_ = false;
  bool closed_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ClientWire>> OpenStreamWire(const ClientDoor& door) {
  absl::StatusOr<BoundSockets> bound = BindAll(door);
  if (!bound.ok()) return bound.status();
  return std::make_unique<StreamWire>(*std::move(bound));
}

}  // namespace verbatim
