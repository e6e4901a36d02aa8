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
  if (argc < 4) return std::fprintf(stderr, "usage: udp_sender FILE.ts LOG PORT [PORT...]\n"), 2;
  const bench::TsFile file(argv[1]);
  FILE* log = std::fopen(argv[2], "w");
  if (!log) return std::perror(argv[2]), 1;
  std::vector<sockaddr_in> to;
  for (int i = 3; i < argc; ++i) {
    sockaddr_in one{};
    one.sin_family = AF_INET;
    one.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[i])));
    one.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.push_back(one);
  }
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
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
      for (const sockaddr_in& one : to)  // nobody listening is no reason to stop
        sendto(fd, &file.bytes[at], std::min(7 * bench::kPacket, chunk.end - at), 0,
               reinterpret_cast<const sockaddr*>(&one), sizeof one);
  }
  std::fclose(log);
  return close(fd);
}
