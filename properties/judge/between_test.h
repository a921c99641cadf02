// Numbers drawn inside a property, for the tests of the judges.
// Not for: anything but tests.
#pragma once

#include <rapidcheck.h>

namespace verbatim {

// Any number from `first` to `last`, however far the property's size has grown.
template <typename T>
T Between(T first, T last) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(first, last + 1));
}

}  // namespace verbatim
