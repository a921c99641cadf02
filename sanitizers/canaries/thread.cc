// Canary: two threads write one integer, with no lock when told so. ThreadSanitizer must name it.
// Not for: anything but canary.cmake, which runs it without an argument first.
#include <mutex>
#include <thread>

namespace {

int shared = 0;
std::mutex mutex;

void Write(bool locked) {
  for (int i = 0; i < 1000; ++i) {
    std::unique_lock<std::mutex> lock(mutex, std::defer_lock);
    if (locked) lock.lock();
    ++shared;
  }
}

}  // namespace

int main(int argc, char**) {
  const bool locked = argc == 1;
  std::thread other(Write, locked);
  Write(locked);
  other.join();
  return 0;
}
