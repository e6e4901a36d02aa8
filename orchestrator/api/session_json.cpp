#include "orchestrator/api/session_json.h"

namespace sluice::api {
namespace {

const char* container_of(std::string_view proto) {
  if (proto == "hls" || proto == "tshttp") return "mpegts";
  return proto == "cmaf" || proto == "llhls" || proto == "dash" ? "cmaf" : nullptr;
}

}  // namespace

json::Object session_json(const SessionInfo& session) {
  json::Object out;
  out.text("id", session.id).text("type", "play").text("name", session.name).text("proto", session.proto);
  out.text("ip", session.ip).number("bytes", static_cast<int64_t>(session.bytes));
  out.number("opened_at", session.opened_at_ms).number("started_at", session.opened_at_ms);
  out.number("updated_at", session.updated_at_ms);
  if (const char* container = container_of(session.proto)) out.text("segments_container", container);
  out.flag("ssl", session.tls).flag("dvr", false);
  out.text_if("token", session.token).text_if("user_agent", session.user_agent);
  out.text_if("referer", session.referer).text_if("query_string", session.query_string);
  return out;
}

}  // namespace sluice::api
