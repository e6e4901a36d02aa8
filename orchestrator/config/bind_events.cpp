// Event sinks.
#include "orchestrator/config/binder.h"

namespace sluice::config {

void bind_event_sink(Binder& binder, const Directive& d, Config& out) {
  EventSink sink;
  if (d.args.empty())
    return binder.reporter.error(
        d.name.at, fmt::format("'{0}' needs a name: {0} NAME {{ url http://HOST/PATH; }}", d.name.text));
  if (d.args.size() > 1) return binder.too_many(d, 1, "one name");
  sink.name = d.args[0].text;
  sink.place = binder.reporter.place(d.args[0].at);
  if (const std::string problem = name_problem(sink.name, "an event sink"); !problem.empty())
    return binder.reporter.error(d.args[0].at, problem);
  binder.section(kEventSinkSection, d.body, sink);
  if (sink.url.empty())
    return binder.reporter.error(
        d.args[0].at, fmt::format("event sink '{}' has no address: add 'url http://HOST/PATH;'", sink.name));
  const std::string_view scheme = scheme_of(sink.url);
  const bool file = scheme == "log" || scheme == "jsonlog";
  if (sink.url.ends_with(".lua") && !file && scheme != "http" && scheme != "https")
    return binder.reporter.warning(
        d.args[0].at,
        fmt::format("scripts as event sinks are not supported here yet: '{}' is left out", sink.name));
  if (!file && scheme != "http" && scheme != "https")
    return binder.reporter.error(
        d.args[0].at,
        fmt::format("event sink '{}': '{}' is no address for events: write http://, https://, log:///FILE "
                    "or jsonlog:///FILE",
                    sink.name, sink.url));
  const std::string_view rest = std::string_view(sink.url).substr(scheme.size() + 3);
  if (file ? !rest.starts_with('/') || rest.size() < 2 : rest.empty() || rest[0] == '/')
    return binder.reporter.error(d.args[0].at,
                                 fmt::format("event sink '{}': '{}' names no {}", sink.name, sink.url,
                                             file ? "file by its absolute path" : "host"));
  out.event_sinks.push_back(std::move(sink));
}

void special(Binder& binder, Form, const Field<EventSink>& field, const Directive& d, EventSink& out) {
  binder.no_block(d);
  if (d.args.empty())
    return binder.reporter.error(
        d.name.at,
        fmt::format("'{0}' needs a condition: {0} event=stream_started,source_lost media=news;", field.name));
  EventFilter filter;
  for (size_t i = 0; i < d.args.size(); ++i) {
    const Token& arg = d.args[i];
    if (!arg.has_value() && arg.starts_line) return binder.too_many(d, i, "conditions");
    if (!arg.has_value() || arg.value().empty()) {
      binder.reporter.error(
          arg.at, fmt::format("{}: '{}' is not a condition: write FIELD=VALUE,VALUE", field.name, arg.text));
      continue;
    }
    std::vector<std::string> values;
    if (Problem problem = read(arg.value(), {.min = 1, .max = 255}, values)) {
      binder.reporter.error(arg.at, fmt::format("{}: {}: {}", field.name, arg.key(), *problem));
      continue;
    }
    auto& list = filter[std::string(arg.key())];
    list.insert(list.end(), values.begin(), values.end());
  }
  (field.name == "only" ? out.only : out.except).push_back(std::move(filter));
}

}  // namespace sluice::config
