// The flag, and files that are whole or not there.
#include "properties/cli/reports.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "properties/report/json.h"
#include "properties/report/junit.h"
#include "properties/report/tap.h"

namespace verbatim {
namespace {

std::string Write(const Report& report, ReportFlag::Kind kind) {
  switch (kind) {
    case ReportFlag::Kind::kJson:
      return WriteJson(report);
    case ReportFlag::Kind::kJunit:
      return WriteJunit(report);
    case ReportFlag::Kind::kTap:
      return WriteTap(report);
  }
  return "";
}

absl::Status WriteAll(int fd, absl::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return ErrnoStatus(errno, "write", path);
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status WriteTo(const std::string& path, int flags, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666);
  if (fd < 0) return ErrnoStatus(errno, "open", path);
  absl::Status status = WriteAll(fd, text, path);
  // Some file systems tell only now that there is no room.
  if (::close(fd) != 0 && status.ok()) return ErrnoStatus(errno, "close", path);
  return status;
}

// A link is followed, so that it stays one.
std::string Followed(const std::string& path) {
  char* const real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string followed = real;
  std::free(real);
  return followed;
}

// How `path` is written.
struct Place {
  bool is_folder = false;
  bool is_device = false;  // written to: a rename would put a file where it was
  std::string target;      // else this is replaced, a link's own file
  std::string half;        // by this, which is beside it
};

Place PlaceOf(const std::string& path) {
  Place place;
  struct stat there = {};
  const bool exists = ::stat(path.c_str(), &there) == 0;
  place.is_folder = exists && S_ISDIR(there.st_mode);
  place.is_device = exists && !S_ISDIR(there.st_mode) && !S_ISREG(there.st_mode);
  place.target = Followed(path);
  place.half = absl::StrCat(place.target, ".", ::getpid(), ".part");
  return place;
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  const auto [is_folder, is_device, target, half] = PlaceOf(path);
  if (is_folder) return ErrnoStatus(EISDIR, "open", path);
  if (is_device) return WriteTo(path, 0, text);
  ::unlink(half.c_str());  // one that was killed may have left it, and had our number
  absl::Status status = WriteTo(half, O_CREAT | O_EXCL, text);
  if (status.ok() && ::rename(half.c_str(), target.c_str()) != 0)
    status = ErrnoStatus(errno, "rename", target);
  if (!status.ok()) ::unlink(half.c_str());
  return status;
}

absl::Status WriteStandardOutput(const std::string& text) {
  std::fflush(stdout);
  return WriteAll(STDOUT_FILENO, text, "standard output");
}

absl::string_view KindName(ReportFlag::Kind kind) {
  constexpr absl::string_view kNames[] = {"json", "junit", "tap"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace

absl::StatusOr<ReportFlag> ParseReportFlag(absl::string_view text) {
  const size_t colon = text.find(':');
  const absl::string_view kind = text.substr(0, colon);
  for (const auto known :
       {ReportFlag::Kind::kJson, ReportFlag::Kind::kJunit, ReportFlag::Kind::kTap}) {
    if (kind != KindName(known)) continue;
    if (colon == absl::string_view::npos || colon + 1 == text.size()) break;
    return ReportFlag{known, std::string(text.substr(colon + 1))};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--report ", text, kind == "html" ? ": there is no html yet" : "",
                   ": write json:PATH, junit:PATH or tap:PATH (- is standard output)"));
}

absl::StatusOr<std::vector<ReportFlag>> ParseReportFlags(const std::vector<std::string>& texts) {
  std::vector<ReportFlag> flags;
  for (const std::string& text : texts) {
    absl::StatusOr<ReportFlag> flag = ParseReportFlag(text);
    if (!flag.ok()) return flag.status();
    for (const ReportFlag& other : flags) {
      if (other.path == flag->path)
        return absl::InvalidArgumentError(absl::StrCat(
            "--report ", text, ": ", KindName(other.kind), " is to be written there already"));
    }
    flags.push_back(*std::move(flag));
  }
  return flags;
}

bool TakesStandardOutput(const std::vector<ReportFlag>& flags) {
  for (const ReportFlag& flag : flags) {
    if (flag.path == "-") return true;
  }
  return false;
}

absl::Status CanWriteFile(const std::string& path) {
  const auto [is_folder, is_device, target, half] = PlaceOf(path);
  if (is_folder) return ErrnoStatus(EISDIR, "open", path);
  if (is_device)
    return ::access(path.c_str(), W_OK) == 0 ? absl::OkStatus() : ErrnoStatus(errno, "open", path);
  ::unlink(half.c_str());
  absl::Status status = WriteTo(half, O_CREAT | O_EXCL, "");
  ::unlink(half.c_str());
  return status;
}

absl::Status CanWriteReports(const std::vector<ReportFlag>& flags) {
  for (const ReportFlag& flag : flags) {
    if (flag.path == "-") continue;
    const absl::Status status = CanWriteFile(flag.path);
    if (status.ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--report ", KindName(flag.kind), ": ", status.message()));
  }
  return absl::OkStatus();
}

absl::Status WriteReports(const Report& report, const std::vector<ReportFlag>& flags) {
  absl::Status first;
  for (const ReportFlag& flag : flags) {
    const std::string text = Write(report, flag.kind);
    const absl::Status status =
        flag.path == "-" ? WriteStandardOutput(text) : WriteFile(flag.path, text);
    if (first.ok() && !status.ok())
      first = absl::InvalidArgumentError(
          absl::StrCat("--report ", KindName(flag.kind), ": ", status.message()));
  }
  return first;
}

}  // namespace verbatim
