// What comes from the server: bytes, records and ends, as fast as the scenario reads.
// Not for: what is done (server_script.cc).
#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "properties/stage/simulated/server_script.h"

namespace verbatim {

bool ServerScript::TakeIn() {
  bool came = false;
  for (uint32_t i = 1; i <= kMaxConnections; ++i) {
    const Line& line = At(i);
    if (!line.open || line.stalled) continue;
    if (!line.broken && !kernel_.HasNews(line.fd)) continue;
    if (MayRead(line)) came = Pump(i) || came;
  }
  if (came) MakeProgress();
  return came;
}

// A drip waits for its time, of which the kernel is told.
bool ServerScript::MayRead(const Line& line) {
  return line.drip_bytes == 0 || IsOverSince(line.drips_again_ms, 0);
}

// Takes in one buffer, or the end.
bool ServerScript::Pump(uint32_t connection) {
  Line& line = At(connection);
  const bool is_record = options_.transport == Transport::kUnixpacket;
  size_t most = received_.size();
  if (line.drip_bytes != 0 && !is_record) most = std::min<uint64_t>(most, line.drip_bytes);
  const ssize_t got = kernel_.Recv(line.fd, &received_[0], most, MSG_DONTWAIT);
  if (got == -EAGAIN && !line.broken) return false;
  if (got > 0) {
    const size_t bytes = static_cast<size_t>(got);
    line.received_bytes += bytes;
    Dripped(bytes, line);
    if (is_record) {
      const size_t due = line.due_records.empty() ? 0 : line.due_records.front();
      if (due == bytes) line.due_records.erase(line.due_records.begin());
      if (due != bytes) Violate(absl::StrCat("a record of ", due, " bytes came back as ", bytes));
    }
    Emit(judge_, {.kind = Event::Kind::kReceived,
                  .connection = connection,
                  .bytes = bytes,
                  .data = absl::string_view(received_.data(), bytes)});
    return true;
  }
  const Ending ending = got == 0 && !line.broken ? Ending::kFin
                        : got == -ETIMEDOUT      ? Ending::kTimedOut
                                                 : Ending::kReset;
  CheckEnding(connection, ending);
  EmitUnlessExcused(line,
                    {.kind = Event::Kind::kEnded, .connection = connection, .ending = ending});
  Close(line);
  return true;
}

// A record is read whole, so the next may have to wait for longer.
void ServerScript::Dripped(size_t bytes, Line& line) {
  if (line.drip_bytes == 0) return;
  const uint64_t wait_ms = (bytes + line.drip_bytes - 1) / line.drip_bytes;
  line.drips_again_ms = kernel_.NowMs() + static_cast<int64_t>(wait_ms);
}

// A server ends a connection by a FIN, once it has seen its peer's, and not before.
void ServerScript::CheckEnding(uint32_t connection, Ending ending) {
  const Line& line = At(connection);
  if (told_ || judge_->Over() || IsExcused(line)) return;
  if (ending != Ending::kFin) {
    Violate(absl::StrCat("connection ", connection, " ended: ", std::string(EndingName(ending))));
  } else if (!line.shut) {
    Violate(absl::StrCat("connection ", connection, " was ended before its peer's FIN"));
  }
}

void ServerScript::Violate(std::string what) {
  if (violation_.empty()) violation_ = std::move(what);
}

// What has come is judged all the same.
void ServerScript::CloseExcused(uint32_t connection) {
  Line& line = At(connection);
  while (line.open && kernel_.HasNews(line.fd) && Pump(connection)) {
  }
  Close(line);
}

void ServerScript::EmitUnlessExcused(const Line& line, Event event) {
  if (!IsExcused(line)) Emit(judge_, std::move(event));
}

void ServerScript::Close(Line& line) {
  if (line.open) kernel_.Close(line.fd);
  line.open = false;
}

void ServerScript::Finish() {
  const SimulatedKernel::PeersTurn turn(&kernel_);
  for (uint32_t i = 1; i <= kMaxConnections; ++i) {
    while (At(i).open && Pump(i)) {
    }
    Close(At(i));
  }
}

}  // namespace verbatim
