// configuration-reference FILE: writes the reference page.
#include <cstdio>

#include "orchestrator/config/reference.h"

int main(int argc, char** argv) {
  FILE* file = argc == 2 ? std::fopen(argv[1], "wb") : nullptr;
  if (!file) {
    std::fprintf(stderr, "usage: configuration-reference FILE (which must be writable)\n");
    return 2;
  }
  const std::string text = sluice::config::reference_text();
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written ? 0 : 1;
}
