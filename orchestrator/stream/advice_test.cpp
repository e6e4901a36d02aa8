#include "orchestrator/stream/advice.h"

#include <gst/gst.h>
#include <gtest/gtest.h>

namespace sluice::stream {
namespace {

std::string advise(GQuark domain, int code, const char* text, const char* debug) {
  GError* error = g_error_new_literal(domain, code, text);
  const std::string line = advice(*error, debug);
  g_error_free(error);
  return line;
}

TEST(Advice, SaysWhatToDoAndNotWhereInTheSourceCode) {
  EXPECT_EQ(advise(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ, "Could not connect.",
                   "../src/x.c(1): start (): /GstPipeline:p/GstRtmp2Src:s:\nCould not connect to 127.0.0.1: "
                   "Connection refused"),
            "Could not connect. (Could not connect to 127.0.0.1: Connection refused): the other side refuses "
            "the connection: is the "
            "source running, is the port right?");
  EXPECT_EQ(advise(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED, "Unauthorized", ""),
            "Unauthorized: check user and password in the address");
  EXPECT_EQ(advise(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "Not Found", ""),
            "Not Found: check the address: the source does not have this resource");
  EXPECT_EQ(
      advise(GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "Internal data stream error.",
             "../src/x.c(1): loop (): /GstPipeline:p/GstSoupHTTPSrc:source:\nstreaming stopped, reason error "
             "(-5)"),
      "Internal data stream error. (streaming stopped, reason error (-5)): no data comes: is the source "
      "running, is the address right?");
  EXPECT_EQ(advise(GST_CORE_ERROR, GST_CORE_ERROR_FAILED, "Odd", ""), "Odd");
}

TEST(Advice, IsOneLine) {
  const std::string line = advise(GST_STREAM_ERROR, GST_STREAM_ERROR_DEMUX, "two\nlines", "a:\nb\r\nc");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('\r'), std::string::npos);
}

}  // namespace
}  // namespace sluice::stream
