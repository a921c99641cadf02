// Another door than the usual one, and datagrams that are nobody's reply.
#include "properties/requirements/client_trials.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/endpoint.h"
#include "core/unique_fd.h"
#include "properties/requirements/client_talk.h"
#include "properties/scenario/in_lines.h"
#include "properties/stage/socket/judged.h"
#include "properties/stage/socket/path.h"
#include "properties/stage/socket/process.h"
#include "properties/stage/socket/target.h"

namespace verbatim {
namespace {

constexpr std::array<uint8_t, 16> kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

SocketAddress Four(uint8_t last) { return SocketAddress::FromIPv4({127, 0, 0, last}, 0); }
SocketAddress Six() { return SocketAddress::FromIPv6(kLoopback6, 0); }

bool HasIpv6() {
  const SocketAddress six = Six();
  const UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd && ::bind(fd.get(), six.data(), six.size()) == 0;
}

// A plain exchange at another door.
bool Serves(Trial& trial, ClientDoor door) {
  Scenario scenario = PlainExchange(Role::kClient);
  if (trial.target().in_lines()) scenario = InLines(std::move(scenario));
  Door way;
  way.client = std::make_shared<const ClientDoor>(std::move(door));
  StageOptions options;
  options.deadline_ms = trial.budget().deadline_ms;
  options.connect_deadline_ms = trial.budget().connect_deadline_ms;
  options.end = trial.budget().end;
  options.patience = trial.budget().patience;
  trial.CountConversation();
  const absl::StatusOr<Judged> judged = PlayJudged(scenario, Rules(), way, options, nullptr);
  if (!judged.ok()) return trial.Error(judged.status());
  if (trial.Spent()) return false;
  return !judged->verdict.Fails() || trial.Fail(judged->verdict);
}

}  // namespace

absl::StatusOr<Verdict> ClientRefused(Trial& trial) {
  ClientDoor door = *trial.target().client();
  door.refuses = true;
  ClientTalk talk(&trial, door);
  if (!talk.Start()) return trial.Result();
  talk.hands().Feed("verbatim\n");
  talk.EndInput();
  // One that is a long time in starting is given that too.
  const int64_t limit_ms =
      std::max(trial.budget().deadline_ms, trial.budget().connect_deadline_ms / 3);
  if (const int64_t waited_ms = talk.AwaitEnd(limit_ms); waited_ms > 0) {
    return trial.Misbehaves(
        absl::StrCat("nobody listened, and it did not end within ", waited_ms, " ms"));
  }
  talk.Turn(0);
  const ClientEnd end = *talk.hands().Ended();
  trial.Note(end.text);
  Verdict verdict;
  if (end.fault) {
    verdict.SayDied(end.text);
  } else if (end.status == 0) {
    verdict.kind = Verdict::Kind::kMisreported;
    verdict.detail = "nobody listened, and it exited with status 0";
  } else if (absl::StripAsciiWhitespace(talk.hands().Words()).empty()) {
    return trial.Misbehaves(
        absl::StrCat("nobody listened: it ", end.text, ", and said nothing on standard error"));
  }
  if (verdict.Fails()) trial.Fail(std::move(verdict));
  return trial.Result();
}

absl::StatusOr<Verdict> ClientResolvesName(Trial& trial) {
  ClientDoor door = *trial.target().client();
  door.host = "localhost";
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse("tcp://localhost:7");
  const absl::StatusOr<std::vector<SocketAddress>> addresses =
      Resolve(*endpoint, ResolveFor::kListening);
  if (!addresses.ok()) return trial.CannotJudge("there is no localhost here");
  door.addresses.clear();
  for (const SocketAddress& address : *addresses) door.addresses.push_back(address.WithPort(0));
  Serves(trial, std::move(door));
  return trial.Result();
}

absl::StatusOr<Verdict> ClientTakesIpv6(Trial& trial) {
  if (!HasIpv6()) return trial.CannotJudge("there is no ::1 here");
  ClientDoor door = *trial.target().client();
  door.host = "::1";
  door.addresses = {Six()};
  Serves(trial, std::move(door));
  return trial.Result();
}

// ---- A name with several addresses

namespace {

constexpr char kName[] = "several-addresses.verbatim.test";  // RFC 6761 §6.2: nobody's
constexpr int kTryMs = 5000;

// The command where that name has these addresses: in a mount namespace with an /etc/hosts of ours.
std::string WithHosts(absl::string_view command, absl::string_view hosts) {
  return absl::StrCat("exec unshare --mount ", ::geteuid() == 0 ? "" : "--map-root-user ",
                      "sh -c 'mount --bind ", hosts, " /etc/hosts && exec sh -c \"$0\"' ",
                      ShellQuote(command));
}

// Whether that can be done here.
bool CanNameHosts(absl::string_view hosts) {
  const std::string command =
      WithHosts(absl::StrCat("getent ahosts ", kName, " | grep -q 127.0.0.2"), hosts);
  const absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(command, {});
  return process.ok() && (*process)->WaitUntilEnded(kTryMs) && (*process)->Succeeded();
}

// Which of the addresses it tries first; nullopt if none, and the trial has been told.
std::optional<size_t> FirstTried(Trial& trial, const ClientDoor& door) {
  ClientTalk talk(&trial, door);
  if (!talk.Start()) return std::nullopt;
  talk.hands().Feed("verbatim\n");
  talk.EndInput();  // some connect only then
  if (talk.AwaitBegin()) return talk.wire().begun_at();
  trial
      .Misbehaves(absl::StrCat("a name with ", door.addresses.size(),
                               " addresses, of which all listen: it connects to none; it said: ",
                               absl::StripAsciiWhitespace(talk.hands().Words())))
      .IgnoreError();
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Verdict> ClientTriesNextAddress(Trial& trial) {
  const absl::StatusOr<PathClaim> place = PathClaim::Take();
  if (!place.ok()) return absl::InternalError(place.status().message());
  ClientDoor door = *trial.target().client();
  door.host = kName;
  door.addresses = {Four(1), Four(2)};
  if (HasIpv6()) door.addresses.push_back(Six());
  std::ofstream hosts(place->path());
  hosts << "127.0.0.1 localhost " << kName << "\n127.0.0.2 " << kName << "\n";
  if (HasIpv6()) hosts << "::1 " << kName << "\n";
  hosts.close();
  if (!hosts || !CanNameHosts(place->path())) {
    return trial.CannotJudge(
        "a name with several addresses can't be made here: that needs a mount namespace (unshare)");
  }
  door.command = WithHosts(door.command, place->path());
  const std::optional<size_t> first = FirstTried(trial, door);
  if (!first) return trial.Result();
  const std::string tried = door.addresses[*first].ToString();
  trial.Note(absl::StrCat("it tries ", tried.substr(0, tried.rfind(':')), " first"));
  door.addresses.erase(door.addresses.begin() + static_cast<ptrdiff_t>(*first));
  Serves(trial, std::move(door));
  return trial.Result();
}

// ---- Datagrams

namespace {

// No answer comes for so long; and the longest that a client's own time-out may take after that.
constexpr int64_t kLostMs = 1000;
constexpr int64_t kOwnTimeOutMs = 6000;
constexpr absl::string_view kFirst = "the first one\n", kSecond = "and a second one\n";

// It printed this and nothing else.
absl::StatusOr<Verdict> Printed(Trial& trial, ClientTalk& talk, absl::string_view what,
                                absl::string_view when) {
  talk.AwaitPrinted(what.size());
  talk.EndInput();
  talk.AwaitPrinted(what.size());
  if (talk.printed() == what) return trial.Result();
  return trial.Misbehaves(absl::StrCat(when, ", and it printed ", talk.printed().size(),
                                       " bytes that are not the ", what.size(), " that are due: \"",
                                       absl::CHexEscape(talk.printed().substr(0, 60)), "\""));
}

// `limit_ms`: of a client that may still be waiting for something else.
bool Sends(Trial& trial, ClientTalk& talk, absl::string_view text, uint64_t in_all,
           absl::string_view when, int64_t limit_ms = 0) {
  if (*trial.target().client()->sends_at_end) {
    trial.CannotJudge("it sends only once its input has ended").IgnoreError();
    return false;
  }
  if (talk.Feed(text) && talk.AwaitSent(in_all, limit_ms)) return true;
  trial.Misbehaves(absl::StrCat(when, ", and what it is fed then is not sent")).IgnoreError();
  return false;
}

}  // namespace

absl::StatusOr<Verdict> DatagramClientRefused(Trial& trial) {
  constexpr int64_t kPatientMs = 6000;  // some ask several times, seconds apart
  ClientDoor door = *trial.target().client();
  if (IsUnix(door.over)) return trial.CannotJudge("of UDP alone: a unix socket refuses at once");
  door.refuses = true;
  ClientTalk talk(&trial, door);
  if (!talk.Start()) return trial.Result();
  talk.hands().Feed(kFirst);
  talk.EndInput();
  const int64_t limit_ms = std::max(kPatientMs, trial.budget().connect_deadline_ms / 3);
  if (const int64_t waited_ms = talk.AwaitEnd(limit_ms); waited_ms > 0) {
    return trial.Misbehaves(absl::StrCat("nobody was there, as ICMP said (port unreachable), and ",
                                         "it did not end within ", waited_ms, " ms"));
  }
  talk.Turn(0);
  const ClientEnd end = *talk.hands().Ended();
  trial.Note(end.text);
  const bool silent = absl::StripAsciiWhitespace(talk.hands().Words()).empty();
  if (!end.fault && (end.status != 0 || !silent)) return trial.Result();
  Verdict verdict;
  if (end.fault) {
    verdict.SayDied(end.text);
  } else {
    verdict.kind = Verdict::Kind::kMisreported;
    verdict.detail = "nobody was there; it said nothing, and exited with status 0";
  }
  trial.Fail(std::move(verdict));
  return trial.Result();
}

absl::StatusOr<Verdict> DatagramClientBearsLoss(Trial& trial) {
  constexpr absl::string_view kWhen = "its first datagram had no answer";
  const ClientDoor door = *trial.target().client();
  ClientTalk talk(&trial, door);
  if (!talk.Start() || !Sends(trial, talk, kFirst, kFirst.size(), "nothing had come yet")) {
    return trial.Result();
  }
  talk.Forget();
  talk.Linger(kLostMs);
  if (!Sends(trial, talk, kSecond, kFirst.size() + kSecond.size(), kWhen, kOwnTimeOutMs)) {
    return trial.Result();
  }
  talk.Answer();
  return Printed(trial, talk, kSecond, kWhen);
}

absl::StatusOr<Verdict> DatagramClientBearsEmpty(Trial& trial) {
  constexpr absl::string_view kWhen = "an empty datagram had come";
  const ClientDoor door = *trial.target().client();
  ClientTalk talk(&trial, door);
  if (!talk.Start() || !Sends(trial, talk, kFirst, kFirst.size(), "nothing had come yet")) {
    return trial.Result();
  }
  talk.wire().SendEmpty();
  talk.Answer();
  talk.AwaitPrinted(kFirst.size());
  if (!Sends(trial, talk, kSecond, kFirst.size() + kSecond.size(), kWhen)) return trial.Result();
  talk.Answer();
  return Printed(trial, talk, absl::StrCat(kFirst, kSecond), kWhen);
}

absl::StatusOr<Verdict> DatagramClientIgnoresStrangers(Trial& trial) {
  constexpr absl::string_view kStrange = "a stranger's\n";
  const ClientDoor door = *trial.target().client();
  ClientTalk talk(&trial, door);
  if (!talk.Start() || !Sends(trial, talk, kFirst, kFirst.size(), "nothing had come yet")) {
    return trial.Result();
  }
  talk.wire().SendFromStranger({kStrange.data(), kStrange.size()});
  talk.Answer();
  talk.AwaitPrinted(kFirst.size());
  talk.EndInput();
  // What it says of the stranger on its own account is its own matter.
  talk.AwaitPrinted(kFirst.size() + kStrange.size());
  if (absl::StrContains(talk.printed(), kStrange.substr(0, kStrange.size() - 1))) {
    return trial.Misbehaves("a datagram of another sender had come, and it was printed");
  }
  if (absl::StrContains(talk.printed(), kFirst)) return trial.Result();
  return trial.Misbehaves(
      absl::StrCat("a datagram of another sender had come, and the answer that "
                   "was due was not printed; what was printed is \"",
                   absl::CHexEscape(talk.printed().substr(0, 60)), "\""));
}

}  // namespace verbatim
