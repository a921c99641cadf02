// The scenarios of the requirements on clients: each function is one requirement's sentence as
// cases. Not for: the rows themselves (catalogue_client.cc), or judging.
#pragma once

#include "properties/requirements/requirement.h"

namespace verbatim {

Cases ClientSplitReplies(const Budget& budget);
Cases ClientDelayedReplies(const Budget& budget);
Cases ClientMergedReplies(const Budget& budget);
Cases ClientEveryByte(const Budget& budget);
Cases ClientSizes(const Budget& budget);
Cases ClientBulk(const Budget& budget);
Cases ClientSendsEachLine(const Budget& budget);
Cases ClientEofDrains(const Budget& budget);
Cases ClientHalfCloses(const Budget& budget);
Cases ClientServerClosesEarly(const Budget& budget);
Cases ClientServerClosesIdle(const Budget& budget);
Cases ClientReset(const Budget& budget);
Cases DatagramClientExact(const Budget& budget);
Cases DatagramClientEveryByte(const Budget& budget);
Cases DatagramClientDelayed(const Budget& budget);
Cases DatagramClientDrains(const Budget& budget);

}  // namespace verbatim
