// Canary: writes one byte past a heap block when told to. AddressSanitizer must name it.
// Not for: anything but canary.cmake, which runs it without an argument first.
#include <cstdlib>

int main(int argc, char**) {
  // volatile: the compiler must see neither the size nor the bug, or it may remove the bug, or
  // report it through UndefinedBehaviorSanitizer.
  volatile char* volatile block = static_cast<char*>(std::malloc(16));
  volatile int end = argc > 1 ? 16 : 15;
  block[end] = 1;
  std::free(const_cast<char*>(block));
  return 0;
}
