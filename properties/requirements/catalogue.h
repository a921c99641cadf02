// The rows of the catalogue, theme by theme.
// Not for: readers of the catalogue; they ask requirement.h.
#pragma once

#include <vector>

#include "properties/requirements/requirement.h"

namespace verbatim {

std::vector<Requirement> RowsOnBytes();    // exact, silent, prompt, pressure
std::vector<Requirement> RowsOnService();  // halfclose, open, many, survive, idle, stop, urgent
std::vector<Requirement> RowsOnDatagrams();
std::vector<Requirement> RowsOnIcmp();
std::vector<Requirement> RowsOnClients();
std::vector<Requirement> RowsOnDatagramClients();

}  // namespace verbatim
