#include "orchestrator/stream/advice.h"

#include <fmt/format.h>
#include <gst/gst.h>

#include <algorithm>

namespace sluice::stream {
namespace {

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

std::string_view what_to_do(const GError& error, std::string_view debug) {
  if (has(debug, "Could not resolve") || has(debug, "resolving") || has(error.message, "resolve"))
    return "the host name does not resolve: check its spelling and the name server";
  if (has(debug, "refused") || has(error.message, "refused"))
    return "the other side refuses the connection: is the source running, is the port right?";
  if (has(debug, "Address already in use") || has(error.message, "already in use"))
    return "the port is taken by another program: choose another one or stop that program";
  if (has(debug, "timed out") || has(error.message, "imeout"))
    return "no answer: is the source reachable from here?";
  if (error.domain == GST_RESOURCE_ERROR) {
    switch (error.code) {
      case GST_RESOURCE_ERROR_NOT_FOUND:
        return "check the address: the source does not have this resource";
      case GST_RESOURCE_ERROR_NOT_AUTHORIZED:
        return "check user and password in the address";
      case GST_RESOURCE_ERROR_OPEN_READ:
      case GST_RESOURCE_ERROR_OPEN_READ_WRITE:
        return "check the address and that the source is running";
      case GST_RESOURCE_ERROR_READ:
        return "the connection broke off";
      case GST_RESOURCE_ERROR_BUSY:
        return "it is in use by another program";
      default:
        return {};
    }
  }
  if (error.domain == GST_STREAM_ERROR) {
    switch (error.code) {
      case GST_STREAM_ERROR_CODEC_NOT_FOUND:
      case GST_STREAM_ERROR_TYPE_NOT_FOUND:
      case GST_STREAM_ERROR_WRONG_TYPE:
        return "this is no stream that can be taken: check what the source sends";
      case GST_STREAM_ERROR_DEMUX:
      case GST_STREAM_ERROR_DECODE:
        return "the data is broken or not of the expected format";
      case GST_STREAM_ERROR_FAILED:
        // An element that could not read and said nothing else, as souphttpsrc of a server that is not there.
        if (has(debug, "streaming stopped"))
          return "no data comes: is the source running, is the address right?";
        return {};
      default:
        return {};
    }
  }
  return {};
}

}  // namespace

std::string advice(const GError& error, std::string_view debug) {
  // The debug text is "file.c(123): function (): /Path/to/element:\nreason": the reason often says most.
  std::string_view reason = debug;
  if (const size_t at = reason.find('\n'); at != std::string_view::npos)
    reason.remove_prefix(at + 1);
  else
    reason = {};
  std::string line(error.message);
  if (!reason.empty() && reason.size() < 200 && !has(line, reason)) line += fmt::format(" ({})", reason);
  if (const std::string_view todo = what_to_do(error, debug); !todo.empty())
    line += fmt::format(": {}", todo);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace sluice::stream
