// Templates, and what streams begin with.
#include <algorithm>

#include "orchestrator/config/binder.h"

namespace sluice::config {
namespace {

// NAME of the directive; of a rewrite NAME/*. Empty = reported.
std::string name_of(Binder& binder, const Pending& pending) {
  const Directive& d = *pending.directive;
  if (d.args.empty()) {
    binder.reporter.error(d.name.at, fmt::format("'{0}' needs a name: {0} NAME{1} {{ input URL; }}",
                                                 d.name.text, pending.form == Form::kRewrite ? "/*" : ""));
    return {};
  }
  std::string name = d.args[0].text;
  if (pending.form == Form::kRewrite) {
    if (!name.ends_with("/*")) {
      binder.reporter.error(d.args[0].at,
                            fmt::format("rewrite: '{}' is not a prefix: write NAME/*", d.args[0].text));
      return {};
    }
    name.resize(name.size() - 2);
  }
  if (const std::string problem = name_problem(name, "a template"); !problem.empty()) {
    binder.reporter.error(d.args[0].at, problem);
    return {};
  }
  return name;
}

}  // namespace

TemplateSet::TemplateSet(std::vector<Pending> pending, Waiting& waiting, const Config& config)
    : waiting_(waiting), config_(config) {
  entries_.reserve(pending.size());
  for (const Pending& p : pending) {
    Binder binder(*p.reporter, waiting_);
    Entry entry{.pending = p, .value = {}};
    entry.value.name = name_of(binder, p);
    if (entry.value.name.empty()) continue;
    entry.value.place = p.reporter->place(p.directive->args[0].at);
    entries_.push_back(std::move(entry));
  }
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto [first, fresh] = by_name_.emplace(entries_[i].value.name, i);
    if (!fresh)
      entries_[i].pending.reporter->error(
          entries_[i].pending.directive->args[0].at,
          fmt::format("a template '{}' stands already at {}: names must differ", entries_[i].value.name,
                      entries_[first->second].value.place.text()));
  }
}

std::vector<Template> TemplateSet::bind_all() {
  for (Entry& entry : entries_) bind(entry);
  std::vector<Template> out;
  out.reserve(entries_.size());
  for (const Entry& entry : entries_) out.push_back(entry.value);
  return out;
}

void TemplateSet::bind(Entry& entry) {
  if (entry.state != Entry::kWaiting) return;
  entry.state = Entry::kBinding;
  Binder binder(*entry.pending.reporter, waiting_);
  const Directive& d = *entry.pending.directive;
  Template& t = entry.value;
  if (entry.pending.form != Form::kTemplate) t.prefix = t.name;

  // A template's own directives stand among those of a stream.
  Directive own, rest;
  rest.name = d.name;
  rest.args = d.args;
  for (const Directive& inner : d.body)
    (find_field(kTemplateSection, inner.name.text) ? own : rest).body.push_back(inner);
  binder.section(kTemplateSection, own.body, t);
  if (!t.prefix.empty())
    if (const std::string problem = name_problem(t.prefix, "a prefix"); !problem.empty())
      binder.reporter.error(
          own.body.empty() || own.body[0].args.empty() ? d.args[0].at : own.body[0].args[0].at, problem);

  t.values = start(binder, d.body);
  bind_stream_body(binder, rest, t.values);
  const auto publishes = [](const Input& in) { return scheme_of(in.url) == "publish"; };
  if (entry.pending.form == Form::kLive &&
      std::none_of(t.values.inputs.begin(), t.values.inputs.end(), publishes)) {
    Input in;
    in.url = "publish://";
    in.place = t.place;
    t.values.inputs.insert(t.values.inputs.begin(), std::move(in));
  }
  t.values.place = t.place;
  entry.state = Entry::kBound;
}

Stream TemplateSet::start(Binder& binder, std::span<const Directive> body) {
  Stream plain;
  plain.url_prefix = config_.url_prefix;
  const Directive* use = nullptr;
  for (const Directive& d : body) {
    if (d.name.text != "template") continue;
    if (use) binder.reporter.warning(d.name.at, "'template' is set a second time: the earlier value is lost");
    use = &d;
  }
  if (!use) return plain;
  if (use->args.empty()) {
    binder.reporter.error(use->name.at, "'template' needs the name of a template: template NAME;");
    return plain;
  }
  if (use->args.size() > 1) {
    binder.too_many(*use, 1, "one name");
    return plain;
  }
  const Token& name = use->args[0];
  const auto found = by_name_.find(name.text);
  if (found == by_name_.end()) {
    Nearest nearest = binder.nearest_to(name.text);
    for (const Entry& entry : entries_) nearest.offer(entry.value.name);
    binder.reporter.error(name.at, fmt::format("no template '{}' is declared{}", name.text, nearest.hint()));
    return plain;
  }
  Entry& entry = entries_[found->second];
  if (entry.state == Entry::kBinding) {
    binder.reporter.error(name.at, fmt::format("template '{}' begins with itself", name.text));
    return plain;
  }
  bind(entry);
  Stream out = entry.value.values;
  out.template_name = entry.value.name;
  return out;
}

std::string_view TemplateSet::prefix(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? std::string_view{} : entries_[found->second].value.prefix;
}

}  // namespace sluice::config
