// Starting what is behind a target, and waiting until the target reaches it.
// Not for: processes or ports: the back end is a spawned Target of its own.
#include "properties/stage/socket/backend.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "properties/stage/socket/judged.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

constexpr int64_t kAnswerMs = 1000;
constexpr int kTryAgainMs = 10;
constexpr int kEndMs = 2000;
// Some servers close every descriptor that they may have, one by one.
constexpr uint64_t kMostDescriptors = 65536;

std::string Numeric(const SocketAddress& address) {
  const std::string text = address.ToString();  // "127.0.0.1:7", "[::1]:7"
  const std::string host = text.substr(0, text.rfind(':'));
  return absl::StrReplaceAll(host, {{"[", ""}, {"]", ""}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> Backend::Spawned(const std::string& command,
                                                          Transport over) {
  absl::StatusOr<std::unique_ptr<Target>> server = Target::Spawned(command, over);
  if (!server.ok()) return server.status();
  return std::unique_ptr<Backend>(new Backend(*std::move(server)));
}

Backend::Backend(std::unique_ptr<Target> server) : server_(std::move(server)) {}
Backend::~Backend() = default;

bool Backend::IsNamedIn(absl::string_view command) {
  for (const absl::string_view place :
       {"{backend}", "{backend_port}", "{backend_path}", "{backend_endpoint}"}) {
    if (absl::StrContains(command, place)) return true;
  }
  return false;
}

absl::Status Backend::Start(int64_t deadline_ms) {
  Look();
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    server_->LimitDescriptors(std::min<uint64_t>(limit.rlim_max, kMostDescriptors));
  }
  const absl::Status status = server_->Prepare(deadline_ms);
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat("the back end behind the target (",
                                                    server_->name(), "): ", status.message()));
  }
  return absl::OkStatus();
}

// One that listens no more is about to end by itself: ended by us before that, it would never be
// known how.
void Backend::AwaitItsEnd() {
  if (!server_->Died() && server_->starts() > 0 && !server_->Listens()) {
    server_->DiedWithin(kEndMs);
  }
}

void Backend::Stop() {
  AwaitItsEnd();
  Look();
  server_->Stop();
}

std::string Backend::FillIn(absl::string_view command) const {
  const SocketAddress& address = server_->addresses().front();
  const bool is_path = IsUnix(server_->transport());
  const std::string whole = is_path ? std::string(address.unix_name()) : address.ToString();
  return absl::StrReplaceAll(
      command,
      {{"{backend}", whole},
       {"{backend_host}", is_path ? "" : Numeric(address)},
       {"{backend_port}", is_path ? "" : absl::StrCat(address.port())},
       {"{backend_path}", is_path ? whole : ""},
       {"{backend_endpoint}", absl::StrCat(TransportName(server_->transport()), "://", whole)}});
}

absl::StatusOr<bool> Backend::Answers(const Door& door, int64_t deadline_ms) const {
  StageOptions options;
  options.deadline_ms = options.connect_deadline_ms = std::min(deadline_ms, kAnswerMs);
  const bool datagrams = SocketType(server_->transport()) == SOCK_DGRAM;
  const Scenario plain = PlainExchange(datagrams ? Role::kDatagramServer : Role::kServer);
  const absl::StatusOr<Judged> judged = PlayJudged(plain, {}, door, options, nullptr);
  if (!judged.ok()) return judged.status();
  return judged->verdict.kind == Verdict::Kind::kHeld;
}

absl::Status Backend::AwaitAnswer(const Door& door, int64_t deadline_ms, Process* target) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + milliseconds(deadline_ms);
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now()).count();
    const absl::StatusOr<bool> answers = Answers(door, std::max<int64_t>(left, 1));
    if (!answers.ok()) return answers.status();
    if (*answers || left <= 0 || target->Gone()) return absl::OkStatus();
    if (const std::optional<std::string> death = server_->Died()) {
      return absl::UnavailableError(
          absl::StrCat("the back end behind the target ", *death, " before the first case"));
    }
    target->Linger(kTryAgainMs);
  }
}

// Keeps how it died, since starting it again forgets that.
void Backend::Look() {
  std::optional<std::string> death = server_->Died();
  if (!death || looked_at_start_ == server_->starts()) return;
  looked_at_start_ = server_->starts();
  death_ = std::move(death);
}

bool Backend::Died() {
  Look();
  return server_->Died().has_value();
}

std::optional<std::string> Backend::TakeDeath(int timeout_ms) {
  server_->DiedWithin(timeout_ms);
  AwaitItsEnd();
  Look();
  return std::exchange(death_, std::nullopt);
}

std::unique_ptr<Backend> Backend::Clone() const {
  return std::unique_ptr<Backend>(new Backend(server_->Clone()));
}

}  // namespace verbatim
