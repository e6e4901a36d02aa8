// The REST API, /streamer/api/v3/ and its alias /flussonic/api/v3/, without sockets.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "orchestrator/api/config_api.h"
#include "orchestrator/api/reply.h"
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
  // `secrets`: whether who asks may change things, and so see passwords.
  ApiReply route(std::string_view operation, const ApiRequest& request, Now now, Secrets secrets);
  ApiReply look(std::string_view operation, const ApiRequest& request, Now now, Secrets secrets);
  ApiReply change(std::string_view operation, const ApiRequest& request, Now now);
  ApiReply streams(std::string_view query, Now now, Secrets secrets);
  ApiReply stream(std::string_view name, Now now, Secrets secrets);
  ApiReply select_input(std::string_view name, std::string_view index);
  ApiReply templates(std::string_view query, Secrets secrets);
  ApiReply template_of(std::string_view name, Secrets secrets);
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
  ConfigWriter writer_{store_};
  OnDisk on_disk_;
  CpuMeter cpu_;
};

}  // namespace sluice::api
