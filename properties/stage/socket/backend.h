// Backend: the server behind a target that passes on what it gets: a proxy, a relay, a tunnel. In
// front of an echo such a target is an echo.
// Not for: the target itself (target.h), or choosing what stands behind it (cli/).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/endpoint.h"
#include "properties/stage/socket/line.h"
#include "properties/stage/socket/process.h"

namespace verbatim {

class Target;

// A process of its own on a port or path of its own: its use, its limits and its death are not the
// target's.
class Backend {
 public:
  // A command for the shell, as of Target::Spawned, whose errors it returns.
  static absl::StatusOr<std::unique_ptr<Backend>> Spawned(const std::string& command,
                                                          Transport over);
  ~Backend();

  // Whether `command` has one of the places that FillIn fills in.
  static bool IsNamedIn(absl::string_view command);

  // Starts it unless it runs. It may have as many descriptors as this program may, so that no limit
  // but the target's is met. Returns kUnavailable, in the back end's name, iff it did not come to
  // listen within `deadline_ms`.
  absl::Status Start(int64_t deadline_ms);
  void Stop();

  // Fills in {backend} (HOST:PORT, or the path), {backend_host}, {backend_port}, {backend_path} and
  // {backend_endpoint}. Only after Start.
  std::string FillIn(absl::string_view command) const;

  // Waits until a short line comes back through `door`, the target's: one that listens before it
  // has reached what is behind it is not to be blamed for that. Ok also if that never was so within
  // `deadline_ms`, or `target` has gone: the requirements say what became of it. Returns
  // kUnavailable iff the back end has died; kInternal iff our own side failed.
  absl::Status AwaitAnswer(const Door& door, int64_t deadline_ms, Process* target);

  // Whether it has died by itself since Start.
  bool Died();
  // How it died, if it did and that was not told yet: "exited with status 1". Waits for it for at
  // most `timeout_ms`, and longer once it listens no more: the end of a connection is seen a moment
  // before that of its process.
  std::optional<std::string> TakeDeath(int timeout_ms);

  // The same command, not started.
  std::unique_ptr<Backend> Clone() const;

 private:
  explicit Backend(std::unique_ptr<Target> server);
  absl::StatusOr<bool> Answers(const Door& door, int64_t deadline_ms) const;
  void Look();
  void AwaitItsEnd();

  std::unique_ptr<Target> server_;
  std::optional<std::string> death_;
  int looked_at_start_ = 0;  // the start whose death is known already
};

}  // namespace verbatim
