#include "orchestrator/api/event_sink_json.h"

#include "orchestrator/api/stream_json.h"
#include "orchestrator/config/values.h"

namespace sluice::api {
namespace {

json::Array filters_json(const std::vector<config::EventFilter>& filters) {
  json::Array out;
  for (const config::EventFilter& filter : filters) {
    json::Object object;
    for (const auto& [name, values] : filter) {
      json::Array list;
      for (const std::string& value : values) list.add(std::string_view(value));
      object.array(name.c_str(), std::move(list));
    }
    out.add(std::move(object));
  }
  return out;
}

}  // namespace

json::Object event_sink_json(const event::SinkStatus& sink) {
  const config::EventSink& config = sink.config;
  json::Object out;
  for (const auto& [name, value] : config.extra) out.text(name.c_str(), value);
  out.text("name", config.name).text("url", without_credentials(config.url));
  if (!config.only.empty()) out.array("only", filters_json(config.only));
  if (!config.except.empty()) out.array("except", filters_json(config.except));
  out.text("level", config::kLogLevels[static_cast<size_t>(config.level)]);
  out.number("throttle_delay", config.throttle_delay.count());
  if (config.resend_limit) out.number("resend_limit", *config.resend_limit);
  out.number("resend_timeout", config.resend_timeout.count());
  if (config.max_size) out.number("max_size", static_cast<int64_t>(*config.max_size));
  if (config.max_depth) out.number("max_depth", *config.max_depth);
  const event::SinkFigures& figures = sink.figures;
  json::Object stats;
  stats.number("queued", static_cast<int64_t>(figures.queued))
      .number("sent", static_cast<int64_t>(figures.sent));
  stats.number("resent", static_cast<int64_t>(figures.resent));
  stats.number("failed", static_cast<int64_t>(figures.failed));
  stats.number("dropped", static_cast<int64_t>(figures.dropped));
  stats.text_if("last_error", figures.last_error);
  out.object("stats", std::move(stats));
  return out;
}

}  // namespace sluice::api
