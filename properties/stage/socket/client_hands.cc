// A client that is a process of ours: three pipes, or a pseudo-terminal and one pipe.
#include "properties/stage/socket/client_hands.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/posix_kernel.h"
#include "core/status.h"
#include "core/unique_fd.h"
#include "properties/stage/socket/line.h"
#include "properties/stage/socket/process.h"

namespace verbatim {
namespace {

constexpr size_t kWordsBytes = 4096;
constexpr char kEndOfInput = 0x04;  // of a terminal, at a line's begin: VEOF of termios(3)

// Death by SIGPIPE is how most filters end whose reader has gone; SIGTERM and SIGKILL come from
// without.
bool IsFault(int signal) {
  return signal != SIGPIPE && signal != SIGTERM && signal != SIGKILL && signal != SIGHUP &&
         signal != SIGINT;
}

class SpawnedHands : public ClientHands {
 public:
  SpawnedHands(std::unique_ptr<Process> process, UniqueFd words, bool terminal)
      : process_(std::move(process)),
        input_(std::move(process_->input)),
        output_(std::move(process_->output)),
        words_fd_(std::move(words)),
        terminal_(terminal) {
    for (const int fd : {input_.get(), output_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  size_t Feed(absl::Span<const char> bytes) override {
    if (!input_) return 0;
    const ssize_t written = WriteWithoutSignal(input_.get(), bytes);
    if (written > 0) at_line_begin_ = bytes[static_cast<size_t>(written) - 1] == '\n';
    if (written < 0 && written != -EAGAIN) input_.Reset();
    return written < 0 ? 0 : static_cast<size_t>(written);
  }

  void EndInput() override {
    // Behind a line that has no end the first one only passes that line on.
    const char twice[2] = {kEndOfInput, kEndOfInput};
    if (terminal_ && input_) WriteWithoutSignal(input_.get(), {twice, at_line_begin_ ? 1u : 2u});
    input_.Reset();
  }
  bool input_open() const override { return static_cast<bool>(input_); }

  size_t Read(absl::Span<char> buffer) override {
    TakeWords();
    if (!output_) return 0;
    const ssize_t got =
        RetryEintr([&] { return PosixKernel().Read(output_.get(), buffer.data(), buffer.size()); });
    if (got > 0) return static_cast<size_t>(got);
    // A terminal whose last user has gone says EIO (pty(7)).
    if (got != -EAGAIN) output_.Reset();
    return 0;
  }
  bool output_open() const override { return static_cast<bool>(output_); }

  void AddPolls(bool feeds, std::vector<pollfd>* polls) const override {
    if (output_) polls->push_back({output_.get(), POLLIN, 0});
    if (words_fd_) polls->push_back({words_fd_.get(), POLLIN, 0});
    if (feeds && input_) polls->push_back({input_.get(), POLLOUT, 0});
    if (!end_) polls->push_back({process_->news_fd(), POLLIN, 0});
  }

  std::optional<ClientEnd> Ended() override {
    if (end_) return end_;
    const std::optional<int> status = process_->Status();
    if (!status) return std::nullopt;
    end_.emplace();
    end_->text = *process_->Ended();
    if (WIFEXITED(*status)) {
      // So a shell says that a command of its own was killed.
      const int code = end_->status = WEXITSTATUS(*status);
      end_->fault = code > 128 && code < 128 + NSIG && IsFault(code - 128);
    } else {
      end_->status = 128 + WTERMSIG(*status);
      end_->fault = IsFault(WTERMSIG(*status));
    }
    return end_;
  }

  std::string Words() override {
    TakeWords();
    return words_;
  }

 private:
  // Read all along, so that it never blocks; the last of it is kept.
  void TakeWords() {
    char buffer[kWordsBytes];
    for (int i = 0; words_fd_ && i < kReadsAtOnce; ++i) {
      const ssize_t got =
          RetryEintr([&] { return PosixKernel().Read(words_fd_.get(), buffer, sizeof(buffer)); });
      if (got == -EAGAIN) return;
      if (got <= 0) return words_fd_.Reset();
      words_.append(buffer, static_cast<size_t>(got));
      if (words_.size() > kWordsBytes) words_.erase(0, words_.size() - kWordsBytes);
    }
  }

  static constexpr int kReadsAtOnce = 16;

  std::unique_ptr<Process> process_;
  UniqueFd input_, output_, words_fd_;
  const bool terminal_;
  bool at_line_begin_ = true;
  std::string words_;
  std::optional<ClientEnd> end_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ClientHands>> StartClient(const ClientDoor& door,
                                                         const ClientPlace& place) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return absl::InternalError(ErrnoStatus(errno, "pipe2", "").message());
  }
  UniqueFd reader(ends[0]), writer(ends[1]);
  ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  Process::Options options;
  options.words = writer.get();
  options.piped = !door.terminal;
  options.terminal = door.terminal;
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(door.FillIn(place), options);
  if (!process.ok()) return absl::InternalError(process.status().message());
  return std::make_unique<SpawnedHands>(*std::move(process), std::move(reader), door.terminal);
}

}  // namespace verbatim
