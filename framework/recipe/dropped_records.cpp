#include "framework/recipe/dropped_records.h"

namespace ft {

void add_counts(PieceCounts& sum, const PieceCounts& piece) {
  sum.records += piece.records;
  sum.torn += piece.torn;
  sum.damaged += piece.damaged;
  sum.foreign += piece.foreign;
  if (sum.complaints.empty()) sum.complaints = piece.complaints;
}

void tell_dropped(Logger& log, const PieceCounts& counts, std::string_view records) {
  if (counts.torn > 0) log.info("{} {} were cut off by the interruption and are made again", counts.torn, records);
  if (counts.damaged > 0)
    log.warn("{} damaged lines among the {} are made again, the first at {}", counts.damaged, records,
             counts.complaints.front());
  if (counts.foreign > 0)
    log.warn(
        "{} lines among the {} are not this stage's (copied from other work, or written by a version that did not say "
        "whose they are) and are not used, the first at {}; the files stay as they are",
        counts.foreign, records, counts.complaints.front());
}

}  // namespace ft
