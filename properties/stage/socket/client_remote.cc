// A client that somebody else starts: its input is handed out as a whole, and its output comes back
// as one.
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "properties/stage/socket/client_desk.h"
#include "properties/stage/socket/client_hands.h"

namespace verbatim {
namespace {

class RemoteHands : public ClientHands {
 public:
  RemoteHands(ClientDesk* desk, std::string input) : desk_(desk), input_(std::move(input)) {}

  size_t Feed(absl::Span<const char> bytes) override { return bytes.size(); }
  void EndInput() override { input_open_ = false; }
  bool input_open() const override { return input_open_; }

  size_t Read(absl::Span<char> buffer) override {
    Look();
    const size_t count = std::min(buffer.size(), output_.size() - read_);
    std::copy_n(output_.begin() + static_cast<ptrdiff_t>(read_), count, buffer.begin());
    read_ += count;
    return count;
  }
  bool output_open() const override { return !end_ || read_ < output_.size(); }

  void AddPolls(bool, std::vector<pollfd>* polls) const override {
    if (!end_) polls->push_back({desk_->fd(), POLLIN, 0});
  }

  std::optional<ClientEnd> Ended() override {
    Look();
    return end_;
  }
  std::string Words() override { return ""; }

 private:
  void Look() {
    if (end_) return;
    std::optional<ClientDesk::Request> request = desk_->Hear();
    if (!request) return;
    if (request->kind == ClientDesk::Request::Kind::kDone) {
      desk_->Answer("ok\n");
      output_ = std::move(request->output);
      end_ =
          ClientEnd{request->status, false, absl::StrCat("exited with status ", request->status)};
      end_->fault = request->status > 128 && request->status != 128 + SIGPIPE &&
                    request->status != 128 + SIGTERM && request->status != 128 + SIGKILL;
    } else if (!std::exchange(given_, true)) {
      desk_->Answer(input_);
    } else {
      desk_->PutBack();
      end_ = ClientEnd{255, false, "was not heard of again"};
    }
  }

  ClientDesk* const desk_;
  const std::string input_;
  bool given_ = false;
  bool input_open_ = true;
  std::string output_;
  size_t read_ = 0;
  std::optional<ClientEnd> end_;
};

}  // namespace

std::unique_ptr<ClientHands> AwaitClient(const ClientDoor& door, std::string input) {
  return std::make_unique<RemoteHands>(door.desk, std::move(input));
}

}  // namespace verbatim
