// Stands in for libFuzzer's main: runs a harness over each file, and each file below each folder
// (but those whose names end in .md), that the command line names. If the harness dies, the name of
// its input is the last line. With --show each input is printed first: as its harness reads it, or
// its bytes. Exit: 0 all were run; 2 there was none, or one could not be read; anything else is the
// harness's. Not for: finding new inputs (./dev fuzz).
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Of a harness whose inputs have a readable form: prints it. Null elsewhere.
extern "C" [[gnu::weak]] void ShowInput(const uint8_t* data, size_t size);
// Called by a sanitizer's runtime just before it ends the program; null where there is none.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the runtime's name
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace {

namespace fs = std::filesystem;

// The input that is running now, as a line; empty between inputs.
std::string current_line;

// Async-signal-safe.
void SayCurrent() {
  if (!current_line.empty())
    (void)!::write(STDERR_FILENO, current_line.data(), current_line.size());
}

// Whatever ends the program in the middle of an input: a sanitizer's report, a signal, exit().
void NameInputOnDeath() {
  std::atexit([] {
    SayCurrent();
    if (!current_line.empty()) ::_exit(1);  // a harness that ends the program has failed
  });
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(SayCurrent);
  struct sigaction action {};
  action.sa_handler = [](int) { SayCurrent(); };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // then the signal does what it always does
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM}) {
    // A sanitizer's own handler shows the stack, so it stays.
    struct sigaction before {};
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) {
      ::sigaction(signal, &action, nullptr);
    }
  }
}

// The files that `name` stands for, in order of name; false iff it can't be read.
bool AddFiles(const fs::path& name, std::vector<fs::path>* files) {
  std::error_code error;
  if (!fs::is_directory(name, error)) {
    files->push_back(name);
    return fs::exists(name, error);
  }
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator it(name, error), end; !error && it != end;
       it.increment(error)) {
    // A regression's story stands beside it.
    if (it->is_regular_file(error) && it->path().extension() != ".md") found.push_back(it->path());
  }
  std::sort(found.begin(), found.end());
  files->insert(files->end(), found.begin(), found.end());
  return !error;
}

void Show(const uint8_t* data, size_t size) {
  if (ShowInput != nullptr) return ShowInput(data, size);
  for (size_t i = 0; i < size; ++i) {
    const bool is_plain = data[i] >= ' ' && data[i] < 0x7f && data[i] != '\\';
    std::printf(is_plain ? "%c" : "\\x%02x", data[i]);
  }
  std::printf("\n");
}

// False iff the file can't be read.
bool Replay(const fs::path& file, bool shows) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code error;
  const auto size = static_cast<size_t>(fs::file_size(file, error));
  if (!stream || error) return false;
  // Just as long as the input, so that a sanitizer sees a read behind its end.
  const auto bytes = std::make_unique<char[]>(size);
  if (!stream.read(bytes.get(), static_cast<std::streamsize>(size))) return false;
  current_line = "died while running " + file.string() + "\n";
  if (shows) {
    std::printf("# %s, %zu bytes\n", file.c_str(), size);
    Show(reinterpret_cast<const uint8_t*>(bytes.get()), size);
    std::fflush(stdout);
  }
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.get()), size);
  current_line.clear();
  return true;
}

int CannotRead(const std::string& name) {
  std::fprintf(stderr, "can't read %s\n", name.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> files;
  const bool shows = argc > 1 && std::strcmp(argv[1], "--show") == 0;
  for (int i = shows ? 2 : 1; i < argc; ++i) {
    if (!AddFiles(argv[i], &files)) return CannotRead(argv[i]);
  }
  if (files.empty()) {
    std::fprintf(stderr, "nothing to replay; write: %s [--show] FILE-OR-FOLDER...\n", argv[0]);
    return 2;
  }
  NameInputOnDeath();
  for (const fs::path& file : files) {
    if (!Replay(file, shows)) return CannotRead(file.string());
  }
  std::printf("replayed %zu inputs\n", files.size());
  return 0;
}
