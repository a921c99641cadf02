// Canary: overflows a signed integer when told to. UndefinedBehaviorSanitizer must name it.
// Not for: anything but canary.cmake, which runs it without an argument first.
#include <climits>

int main(int argc, char**) {
  volatile int number = INT_MAX - 1;
  number = number + argc;
  return number == 0;
}
