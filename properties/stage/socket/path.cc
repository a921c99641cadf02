// Private directories, and rows of /proc/net/unix.
// Not for: connecting to anything.
#include "properties/stage/socket/path.h"

#include <stdlib.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/status.h"
#include "properties/stage/socket/port.h"

namespace verbatim {
namespace {

constexpr absl::string_view kDirectory = "/verbatim-XXXXXX";  // mkdtemp(3)
constexpr absl::string_view kFile = "/echo.sock";

struct Claims {
  std::mutex mutex;
  std::set<std::string> directories;
};
Claims& TheClaims() {
  static Claims* const claims = new Claims();  // never destroyed: threads may outlive main
  return *claims;
}

void RemoveDirectory(const std::string& directory) {
  std::error_code ignored;  // what can't be removed is left behind
  std::filesystem::remove_all(directory, ignored);
}

std::string Parent() {
  const char* variable = ::getenv("TMPDIR");
  const std::string parent = variable == nullptr ? "" : variable;
  const bool plain = std::all_of(parent.begin(), parent.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::string_view("/._-+").find(c) != absl::string_view::npos;
  });
  const size_t whole = parent.size() + kDirectory.size() + kFile.size();
  const bool fits = whole < sizeof(sockaddr_un::sun_path);
  return plain && fits && !parent.empty() && parent[0] == '/' ? parent : "/tmp";
}

}  // namespace

absl::StatusOr<PathClaim> PathClaim::Take() {
  std::string directory = absl::StrCat(Parent(), kDirectory);
  if (::mkdtemp(directory.data()) == nullptr) return ErrnoStatus(errno, "mkdtemp", directory);
  const std::lock_guard<std::mutex> lock(TheClaims().mutex);
  TheClaims().directories.insert(directory);
  return PathClaim(std::move(directory));
}

PathClaim::PathClaim(PathClaim&& other) noexcept
    : directory_(std::exchange(other.directory_, std::string())) {}

PathClaim& PathClaim::operator=(PathClaim&& other) noexcept {
  if (this != &other) {
    Remove();
    directory_ = std::exchange(other.directory_, std::string());
  }
  return *this;
}

PathClaim::~PathClaim() { Remove(); }

void PathClaim::Remove() {
  if (directory_.empty()) return;
  RemoveDirectory(directory_);
  const std::lock_guard<std::mutex> lock(TheClaims().mutex);
  TheClaims().directories.erase(directory_);
}

std::string PathClaim::path() const { return absl::StrCat(directory_, kFile); }

void RemovePathClaims() {
  const std::lock_guard<std::mutex> lock(TheClaims().mutex);
  for (const std::string& directory : TheClaims().directories) RemoveDirectory(directory);
}

// "Num RefCount Protocol Flags Type St Inode Path" (proc(5)). Flags 00010000 (SO_ACCEPTCON) and
// state 01 are those of a listener, type 0001 is SOCK_STREAM; 0002 is SOCK_DGRAM, without flags.
std::optional<uint64_t> FindUnixListenerIn(absl::string_view file, absl::string_view path,
                                           int socket_type) {
  const bool stream = socket_type == SOCK_STREAM;
  const absl::string_view flags = stream ? "00010000" : "00000000";
  const absl::string_view type = stream ? "0001" : "0002";
  for (absl::string_view line : absl::StrSplit(file, '\n')) {
    // Of the path blanks are a part.
    std::array<absl::string_view, 7> words;
    for (absl::string_view& word : words) {
      line = absl::StripLeadingAsciiWhitespace(line);
      word = line.substr(0, line.find(' '));
      line.remove_prefix(word.size());
    }
    uint64_t inode = 0;
    if (words[3] == flags && words[4] == type && words[5] == "01" &&
        absl::ConsumePrefix(&line, " ") && line == path && absl::SimpleAtoi(words[6], &inode)) {
      return inode;
    }
  }
  return std::nullopt;
}

std::optional<uint64_t> FindUnixListener(absl::string_view path, int socket_type) {
  return FindUnixListenerIn(ReadFile("/proc/net/unix"), path, socket_type);
}

}  // namespace verbatim
