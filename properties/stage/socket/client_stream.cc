// A client's connection: of those that come the first on which it says something. Some open several
// and use one (RFC 8305, or a pool).
#include <sys/socket.h>

#include <utility>
#include <vector>

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
    for (const UniqueFd& fd : bound_.fds) polls->push_back({fd.get(), POLLIN, 0});
    if (!begun_) return;
    for (const Line& other : others_) {
      if (reads && IsOpenChoice()) polls->push_back({other.fd(), POLLIN, 0});
    }
    const bool reading = reads && line_.open();
    const bool writing = writes && CanReply();
    if (!reading && !writing) return;
    const int events = (reading ? POLLIN : 0) | (writing ? POLLOUT : 0);
    polls->push_back({line_.fd(), static_cast<int16_t>(events), 0});
  }

  bool Accept() override {
    bool first = false;
    for (size_t i = 0; i < bound_.fds.size(); ++i) {
      while (UniqueFd fd{PosixKernel().Accept(bound_.fds[i].get(), nullptr, nullptr,
                                              SOCK_NONBLOCK | SOCK_CLOEXEC)}) {
        Line& line = begun_ ? others_.emplace_back() : line_;
        line.Adopt(std::move(fd));
        if (std::exchange(begun_, true)) continue;
        begun_at_ = i;
        first = true;
      }
    }
    return first;
  }

  size_t Recv(absl::Span<char> buffer) override {
    const size_t got = line_.open() ? line_.Recv(buffer) : 0;
    // Who ended this one without a word may have made another before.
    if (begun_ && !line_.open() && line_.received_bytes == 0) Accept();
    return got > 0 || !IsOpenChoice() ? got : RecvOfAnother(buffer);
  }
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
    others_.clear();
    shut_ = true;
  }
  void Reset() override {
    if (!std::exchange(closed_, true)) line_.Reset();
    LeaveOthers();
  }
  void Close() override {
    if (!std::exchange(closed_, true)) line_.Close();
    LeaveOthers();
  }

 private:
  // It has said nothing yet on what is taken for its connection.
  bool IsOpenChoice() const { return line_.received_bytes == 0 && !others_.empty() && !closed_; }

  // From the first of the others that has something; from then on that is its connection. Where the
  // one so far has ended without a word, the next is.
  size_t RecvOfAnother(absl::Span<char> buffer) {
    for (Line& other : others_) {
      const size_t got = other.Recv(buffer);
      if (got == 0) continue;
      std::swap(line_, other);
      return got;
    }
    std::erase_if(others_, [](const Line& other) { return !other.open(); });
    if (!line_.open() && !others_.empty()) {
      line_ = std::move(others_.front());
      others_.erase(others_.begin());
    }
    return 0;
  }

  void LeaveOthers() {
    others_.clear();
    bound_.fds.clear();
  }

  BoundSockets bound_;
  Line line_;
  std::vector<Line> others_;
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
