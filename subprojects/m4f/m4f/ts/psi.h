// Program specific information (ISO/IEC 13818-1 2.4.4, EN 300 468 5.2.3) as ready transport packets.
#pragma once

#include "m4f/media/track.h"
#include "m4f/ts/packager.h"

namespace m4f::ts {

struct PmtStream {
  const Track* track;
  uint16_t pid;
};

// Transport packets of one table. The continuity counters are zero; stamp_counters() sets them.
Bytes pat_packets(const Options& options, uint16_t pmt_pid);
Bytes pmt_packets(const Options& options, uint16_t pmt_pid, uint16_t pcr_pid,
                  const std::vector<PmtStream>& streams);
Bytes sdt_packets(const Options& options, uint16_t pid);  // empty without provider and title

// The `times`-th writing of a table (mod 16): as a table has the same number of packets every time, its
// counters follow from how often it was written.
void stamp_counters(std::span<uint8_t> packets, uint8_t times);

}  // namespace m4f::ts
