#include "orchestrator/config/bind.h"

#include "orchestrator/config/binder.h"
#include "orchestrator/config/templates.h"

namespace sluice::config {
namespace {

Stream stream(const Pending& pending, Waiting& waiting, TemplateSet& templates) {
  const Directive& d = *pending.directive;
  Binder binder(*pending.reporter, waiting);
  Stream s = templates.start(binder, d.body);
  if (pending.form == Form::kOndemand) s.is_static = false;
  s.place = binder.reporter.place(d.name.at);
  if (d.args.empty()) {
    binder.reporter.error(d.name.at,
                          fmt::format("'{0}' needs a name: {0} NAME {{ input URL; }}", d.name.text));
  } else {
    s.name = d.args[0].text;
    s.place = binder.reporter.place(d.args[0].at);
    if (const std::string problem = stream_name_problem(s.name); !problem.empty())
      binder.reporter.error(d.args[0].at, problem);
  }
  bind_stream_body(binder, d, s);
  fill_name(s, templates.prefix(s.template_name));
  return s;
}

}  // namespace

Config bind(std::span<Document> documents) {
  Config out;
  Waiting waiting;
  for (Document& document : documents)
    Binder(*document.reporter, waiting).section(kGlobalSection, document.directives, out);
  TemplateSet templates(waiting.templates, waiting, out);
  out.templates = templates.bind_all();
  out.streams.reserve(waiting.streams.size());
  for (const Pending& pending : waiting.streams) out.streams.push_back(stream(pending, waiting, templates));
  return out;
}

}  // namespace sluice::config
