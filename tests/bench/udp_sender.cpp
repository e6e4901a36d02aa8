// udp_sender FILE.ts PORT LOG: sends the file once over UDP in real time, one burst per PES, and logs for
// each video PES "PTS NS": when the first packet of the next PES of the file went out, that is when the frame
// became complete for a receiver.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "pace.h"

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: udp_sender FILE.ts PORT LOG\n"), 2;
  const bench::TsFile file(argv[1]);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[2])));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return std::perror("connect"), 1;
  FILE* log = std::fopen(argv[3], "w");
  if (!log) return std::perror(argv[3]), 1;
  bench::Pacer pacer;
  int64_t open_video = -1;  // PTS of the video PES that the next video PES completes
  for (const bench::Chunk& chunk : file.chunks) {
    pacer.wait(chunk.dts);
    if (chunk.video) {
      if (open_video >= 0)
        std::fprintf(log, "%lld %lld\n", static_cast<long long>(open_video),
                     static_cast<long long>(bench::now_ns()));
      open_video = bench::pes_time(&file.bytes[chunk.begin], false);
    }
    for (size_t at = chunk.begin; at < chunk.end; at += 7 * bench::kPacket)
      if (send(fd, &file.bytes[at], std::min(7 * bench::kPacket, chunk.end - at), 0) < 0 &&
          errno != ECONNREFUSED)
        return std::perror("send"), 1;
  }
  std::fclose(log);
  return close(fd);
}
