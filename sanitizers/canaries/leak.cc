// Canary: loses a heap block when told to. LeakSanitizer must name it.
// Not for: anything but canary.cmake, which runs it without an argument first.
#include <cstdlib>

namespace {

char* volatile block = nullptr;

// A function of its own: no copy of the pointer stays in main's registers or stack, where
// LeakSanitizer would find it.
__attribute__((noinline)) void Take() { block = static_cast<char*>(std::malloc(16)); }

// Overwrites what Take left on the stack.
__attribute__((noinline)) void Scrub() {
  volatile char stack[1024];
  for (volatile char& byte : stack) byte = 0;
}

}  // namespace

int main(int argc, char**) {
  Take();
  if (argc == 1) std::free(block);
  block = nullptr;
  Scrub();
  return 0;
}
