// The scenarios of the datagram requirements: each function is one requirement's sentence as cases.
// Not for: the rows themselves (catalogue_datagram.cc), judging, or what no scenario can say
// (datagram_trials.h).
#pragma once

#include <cstdint>
#include <vector>

#include "properties/requirements/requirement.h"

namespace verbatim {

// What every host must be able to take in, be it in fragments: 576 bytes of IPv4 (RFC 1122 §3.3.2,
// EMTU_R), less its header of 20 bytes and UDP's of 8. What is larger may never arrive.
inline constexpr uint64_t kTakenByAllBytes = 548;

// The sizes at which buffers end, ascending, from 1 to `largest_bytes`.
std::vector<uint64_t> DatagramSizeClasses(uint64_t largest_bytes);

Cases DatagramSizes(const Budget& budget);
Cases DatagramLarge(const Budget& budget);
Cases DatagramEmpty(const Budget& budget);
Cases DatagramContent(const Budget& budget);
Cases DatagramOneForOne(const Budget& budget);
Cases DatagramIsolated(const Budget& budget);
Cases DatagramSourcePort(const Budget& budget);
Cases DatagramRefused(const Budget& budget);
Cases DatagramAfterSilence(const Budget& budget);

}  // namespace verbatim
