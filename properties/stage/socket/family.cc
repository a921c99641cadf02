// Reading every /proc/PID/stat.
// Not for: one process that is known.
#include "properties/stage/socket/family.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/unique_fd.h"

namespace verbatim {
namespace {

struct Kin {
  pid_t parent = 0;
  bool zombie = false;
};

// False if there is no such process. The name may hold anything, so what counts stands behind the
// last parenthesis: ") S 12 …" (proc(5), stat).
bool ReadKin(pid_t pid, Kin* kin) {
  const UniqueFd fd(::open(absl::StrCat("/proc/", pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t length = fd ? ::read(fd.get(), text, sizeof(text) - 1) : 0;
  if (length <= 0) return false;
  text[length] = '\0';
  const char* end = std::strrchr(text, ')');
  if (end == nullptr || std::strlen(end) < 5) return false;
  kin->zombie = end[2] == 'Z' || end[2] == 'X';
  kin->parent = static_cast<pid_t>(std::strtol(end + 4, nullptr, 10));
  return true;
}

}  // namespace

std::vector<pid_t> DescendantsOf(pid_t ancestor, bool with_zombies) {
  std::map<pid_t, Kin> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  while (const dirent* entry = proc == nullptr ? nullptr : ::readdir(proc.get())) {
    pid_t pid;
    Kin kin;
    if (absl::SimpleAtoi(entry->d_name, &pid) && ReadKin(pid, &kin)) all[pid] = kin;
  }
  std::set<pid_t> family = {ancestor};
  for (size_t before = 0; before != family.size();) {
    before = family.size();
    for (const auto& [pid, kin] : all) {
      if (family.count(kin.parent) != 0) family.insert(pid);
    }
  }
  family.erase(ancestor);
  std::vector<pid_t> descendants;
  for (const pid_t pid : family) {
    if (with_zombies || !all[pid].zombie) descendants.push_back(pid);
  }
  return descendants;
}

}  // namespace verbatim
