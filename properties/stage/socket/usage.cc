// Descriptors, memory and processor time of processes.
// Not for: limits.
#include "properties/stage/socket/usage.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "properties/stage/socket/port.h"

namespace verbatim {
namespace {

// How many entries /proc/PID/fd has (proc(5)); 0 for one that is gone; nullopt if it is hidden.
std::optional<uint64_t> Descriptors(pid_t pid) {
  const std::string folder = absl::StrCat("/proc/", pid, "/fd");
  const std::unique_ptr<DIR, int (*)(DIR*)> fds(::opendir(folder.c_str()), &::closedir);
  if (fds == nullptr) {
    if (errno == EACCES || errno == EPERM) return std::nullopt;
    return 0;
  }
  uint64_t count = 0;
  while (const dirent* entry = ::readdir(fds.get())) count += entry->d_name[0] != '.' ? 1 : 0;
  return count;
}

// The second number of /proc/PID/statm, in pages (proc(5)).
uint64_t ResidentBytes(pid_t pid) {
  const std::vector<std::string> words =
      absl::StrSplit(ReadFile(absl::StrCat("/proc/", pid, "/statm")), ' ');
  uint64_t pages = 0;
  if (words.size() < 2 || !absl::SimpleAtoi(words[1], &pages)) return 0;
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// All its threads together, to the nanosecond, where /proc/PID/stat counts ticks of 10 ms
// (clock_getcpuclockid(3)).
uint64_t CpuUs(pid_t pid) {
  clockid_t clock = 0;
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<uint64_t>(time.tv_nsec) / 1'000;
}

// What `number` reads out of the file `name` of each of its threads, all together.
template <class Number>
uint64_t SumOverThreads(pid_t pid, absl::string_view name, Number number) {
  const std::string folder = absl::StrCat("/proc/", pid, "/task");
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(::opendir(folder.c_str()), &::closedir);
  uint64_t sum = 0;
  while (const dirent* entry = tasks == nullptr ? nullptr : ::readdir(tasks.get())) {
    if (entry->d_name[0] == '.') continue;
    sum += number(ReadFile(absl::StrCat(folder, "/", entry->d_name, "/", name)));
  }
  return sum;
}

// The first two numbers of a schedstat, in nanoseconds: run, and waited to run. 0 where the kernel
// was built without it.
uint64_t WantedNs(const std::string& schedstat) {
  const std::vector<std::string> words = absl::StrSplit(schedstat, ' ');
  uint64_t run_ns = 0, waited_ns = 0;
  const bool read = words.size() >= 2 && absl::SimpleAtoi(words[0], &run_ns) &&
                    absl::SimpleAtoi(words[1], &waited_ns);
  return read ? run_ns + waited_ns : 0;
}

// "voluntary_ctxt_switches" of a status (proc(5)).
uint64_t Wakes(const std::string& status) {
  constexpr absl::string_view kName = "\nvoluntary_ctxt_switches:\t";
  const size_t at = absl::string_view(status).find(kName);
  if (at == absl::string_view::npos) return 0;
  const absl::string_view digits = absl::string_view(status).substr(at + kName.size());
  uint64_t count = 0;
  return absl::SimpleAtoi(digits.substr(0, digits.find('\n')), &count) ? count : 0;
}

}  // namespace

absl::StatusOr<Usage> UsageOf(const std::vector<pid_t>& processes) {
  Usage usage;
  for (const pid_t pid : processes) {
    const std::optional<uint64_t> descriptors = Descriptors(pid);
    if (!descriptors) {
      return absl::UnavailableError(
          absl::StrCat("process ", pid, " of the target can't be looked into: /proc is closed"));
    }
    ++usage.processes;
    usage.descriptors += *descriptors;
    usage.resident_bytes += ResidentBytes(pid);
    usage.cpu_us += CpuUs(pid);
    usage.wanted_us += SumOverThreads(pid, "schedstat", WantedNs) / 1000;
    usage.threads += SumOverThreads(pid, "comm", [](const std::string&) { return uint64_t{1}; });
    usage.wakes += SumOverThreads(pid, "status", Wakes);
  }
  return usage;
}

}  // namespace verbatim
