// Not for: anything but tests.
#pragma once

namespace verbatim {

// A limit that only a defect reaches, however busy the machine is.
inline constexpr int kLongMs = 20'000;

}  // namespace verbatim
