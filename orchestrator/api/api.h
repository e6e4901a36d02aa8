// The REST API, /streamer/api/v3/ and its alias /flussonic/api/v3/, without sockets.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "orchestrator/api/server_stats.h"
#include "orchestrator/api/session_json.h"
#include "orchestrator/event/bus.h"
#include "orchestrator/store/store.h"
#include "orchestrator/stream/directory.h"

namespace sluice::api {

struct ApiRequest {
  std::string_view method;         // "GET"
  std::string_view path;           // decoded, whole: "/streamer/api/v3/streams/a/b"
  std::string_view query;          // raw
  std::string_view authorization;  // header, empty = none
  std::string_view body = {};
};

struct ApiReply {
  int status = 200;
  std::string body;        // JSON with a line end; empty = none
  bool challenge = false;  // 401: WWW-Authenticate
};

// What the API shows besides streams. Whatever is null is not there: 501.
struct Shown {
  const SessionList* sessions = nullptr;
  const event::SinkDirectory* event_sinks = nullptr;
};

// Thread-safe.
class Api {
 public:
  // REQUIRES: `store`, `directory` and what is shown outlive the API.
  Api(store::Store& store, const stream::Directory& directory, std::string version, Shown shown = {});

  static bool owns(std::string_view path);  // is below one of the API's roots
  ApiReply handle(const ApiRequest& request, std::chrono::system_clock::time_point now);
  // The list of /-/streams, which anybody may see.
  ApiReply public_streams(std::string_view query) const;

 private:
  using Now = std::chrono::system_clock::time_point;
  ApiReply route(std::string_view operation, const ApiRequest& request, Now now);
  ApiReply streams(std::string_view query, Now now) const;
  ApiReply stream(std::string_view name, Now now) const;
  ApiReply sessions(std::string_view name, std::string_view query) const;
  ApiReply session(std::string_view id) const;
  ApiReply event_sinks(std::string_view query) const;
  ApiReply event_sink(std::string_view name, std::string_view query) const;
  ApiReply monitoring(Now now) const;
  ApiReply config_stats(Now now);

  store::Store& store_;
  const stream::Directory& directory_;
  const std::string version_, server_id_;
  const Shown shown_;
  const std::chrono::system_clock::time_point started_;
  CpuMeter cpu_;
};

// {"error":code,"errors":[{status,code,title}]}
ApiReply api_error(int status, std::string_view code, std::string_view error, std::string_view title);

}  // namespace sluice::api
