// Clients of streams without a defect, of several designs.
// Not for: users, who have echo-client.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/posix_kernel.h"
#include "core/status.h"
#include "echo/stdio.h"
#include "properties/mutants/client_mutants.h"

namespace verbatim {
namespace {

// Of its input no more is read than came back.
struct LockStep : ClientHooks {
  size_t InputBytes() const override { return 1024; }
  bool MayReadInput(const Conversation& talk) override {
    return talk.to_socket.empty() && talk.received >= talk.sent;
  }
};

// It closes once all came back, and not before: no half-close.
struct Counting : ClientHooks {
  void AllSent(Conversation&) override {}
  bool MayEnd(const Conversation& talk) override {
    return talk.all_sent && talk.received >= talk.sent;
  }
};

// Standard output as stdio has it on a pipe: whole blocks at once, and the rest at the end.
struct Buffered : ClientHooks {
  std::string Received(Conversation&, std::string data) override {
    held_ += data;
    std::string blocks = held_.substr(0, held_.size() / 4096 * 4096);
    held_.erase(0, blocks.size());
    return blocks;
  }
  std::string AtEnd(Conversation&) override { return held_; }
  std::string held_;
};

// One thread for each direction, and calls that block.
struct Threaded : ClientHooks {
  struct Shared {
    std::atomic<uint64_t> sent = 0;
    std::atomic<int> error = 0;
    std::atomic<bool> ended = false;
  };

  static void SendInput(int input, UniqueFd socket, const std::shared_ptr<Shared>& shared) {
    char buffer[16 * 1024];
    ssize_t got = 0;
    while ((got = ::read(input, buffer, sizeof(buffer))) > 0) {
      for (ssize_t at = 0; at < got;) {
        const auto left = static_cast<size_t>(got - at);
        const ssize_t sent = ::send(socket.get(), buffer + at, left, MSG_NOSIGNAL);
        if (sent < 0) {
          shared->error = errno;
          return;
        }
        at += sent;
        shared->sent += static_cast<uint64_t>(sent);
      }
    }
    shared->ended = true;
    ::shutdown(socket.get(), SHUT_WR);
  }

  // The other thread may sit in a read of the input: it ends with the process.
  absl::Status Converse(Conversation& talk) override {
    const auto shared = std::make_shared<Shared>();
    std::thread(SendInput, talk.input, UniqueFd(::dup(talk.socket.get())), shared).detach();
    PosixKernel kernel;
    char buffer[16 * 1024];
    ssize_t got = 0;
    while ((got = ::recv(talk.socket.get(), buffer, sizeof(buffer), 0)) > 0) {
      talk.received += static_cast<uint64_t>(got);
      absl::Status status =
          WriteAll(kernel, talk.output, {buffer, static_cast<size_t>(got)}, "standard output");
      if (!status.ok()) return status;
    }
    if (got < 0) return ErrnoStatus(errno, "recv", "");
    if (shared->error != 0) return ErrnoStatus(shared->error, "send", "");
    if (shared->ended && shared->sent == talk.received) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("the server ended early: ", shared->sent.load(),
                                            " bytes sent, ", talk.received, " received"));
  }
};

}  // namespace

std::vector<Mutant> SoundClientRows() {
  return {
      ClientRow<ClientHooks>("none-client", "both directions at once, with poll", "", {}),
      ClientRow<LockStep>("none-client-lock-step",
                          "no more of the input is read than what came back", "", {}),
      ClientRow<Counting>("none-client-counting", "no half-close: ends once all came back", "", {}),
      ClientRow<Buffered>("none-client-buffered", "output in blocks of 4,096, and the rest last",
                          "", {}),
      ClientRow<Threaded>("none-client-threaded", "a thread for each direction", "", {}),
  };
}

}  // namespace verbatim
