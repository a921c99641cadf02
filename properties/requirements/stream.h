// The scenarios of the stream requirements: each function is one requirement's sentence as cases.
// Not for: the rows themselves (catalogue_bytes.cc, catalogue_service.cc), or judging.
#pragma once

#include "properties/requirements/requirement.h"

namespace verbatim {

Cases EveryByte(const Budget& budget);
Cases FragmentsAwaited(const Budget& budget);
Cases FragmentsPipelined(const Budget& budget);
Cases AllFragments(const Budget& budget);
Cases BufferEdges(const Budget& budget);
Cases Bulk(const Budget& budget);
Cases SilentFirst(const Budget& budget);
Cases SilentAfter(const Budget& budget);
Cases SingleByte(const Budget& budget);
Cases LateReader(const Budget& budget);
Cases SlowReader(const Budget& budget);
Cases PressureIsolated(const Budget& budget);
Cases HalfCloseDrains(const Budget& budget);
Cases HalfCloseEnds(const Budget& budget);
Cases HalfCloseDrainsSlowly(const Budget& budget);
Cases OpenUntilPeerEnds(const Budget& budget);
Cases ManyIsolated(const Budget& budget);
Cases SecondIsServed(const Budget& budget);
Cases SurviveVanish(const Budget& budget);
Cases SurviveReset(const Budget& budget);
Cases SurviveConnectClose(const Budget& budget);

}  // namespace verbatim
