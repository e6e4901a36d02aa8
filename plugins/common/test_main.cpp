// Runs element tests: GStreamer first, then GoogleTest. `--update` rewrites golden files.
#include <gst/gst.h>
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (g_str_equal(argv[i], "--update")) g_setenv("GSTX_UPDATE", "1", TRUE);
  }
  return RUN_ALL_TESTS();
}
