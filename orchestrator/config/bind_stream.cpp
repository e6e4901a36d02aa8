// The body of a stream or a template.
#include <algorithm>
#include <bitset>

#include "orchestrator/config/binder.h"

namespace sluice::config {
namespace {

using Forms = std::bitset<64>;

Forms forms_in(std::span<const Directive> body) {
  Forms out;
  for (const Directive& d : body)
    if (const Field<Stream>* field = find_field(kStreamSection, d.name.text))
      if (const Form* form = std::get_if<Form>(&field->member)) out.set(static_cast<size_t>(*form));
  return out;
}

void not_served(Binder& binder, const Span& at, std::string_view name) {
  binder.reporter.warning(at, fmt::format("protocol '{}' is known but not served here yet", name));
}

void protocols(Binder& binder, const Directive& d, Stream& out) {
  if (d.args.empty())
    return binder.reporter.error(
        d.name.at,
        "'protocols' needs names: protocols hls dash; (only these) or protocols -dash; (all but these)");
  const bool black = d.args[0].text.starts_with('-');
  if (!black) out.protocols = {false, false, false, false, false, false};
  for (const Token& arg : d.args) {
    std::string_view name = arg.text;
    if (name.starts_with('-') != black)
      return binder.reporter.error(
          arg.at, "'protocols' takes either names to allow or names with '-' to forbid, not both");
    if (black) name.remove_prefix(1);
    const auto found = std::find_if(std::begin(kProtocolNames), std::end(kProtocolNames),
                                    [&](const ProtocolName& p) { return p.name == name; });
    if (found == std::end(kProtocolNames)) {
      Nearest nearest = binder.nearest_to(name);
      for (const ProtocolName& p : kProtocolNames) nearest.offer(p.name);
      binder.reporter.error(arg.at, fmt::format("unknown protocol '{}'{}", name, nearest.hint()));
    } else if (found->member)
      out.protocols.*found->member = !black;
    else if (!black)
      not_served(binder, arg.at, name);
  }
}

void protocol_switch(Binder& binder, const Field<Stream>& field, const Directive& d, Stream& out) {
  if (d.args.size() > 1) return binder.too_many(d, 1, "on or off");
  bool on = true;
  if (!d.args.empty())
    if (Problem problem = read(d.args[0].text, {.unit = Unit::kFlag}, on))
      return binder.reporter.error(d.args[0].at, fmt::format("{}: {}", field.name, *problem));
  for (const ProtocolName& p : kProtocolNames) {
    if (p.name != field.name) continue;
    if (p.member)
      out.protocols.*p.member = on;
    else if (on)
      not_served(binder, d.name.at, p.name);
  }
}

void publish_enabled(Binder& binder, const Directive& d, Stream& out) {
  bool on = true;
  if (d.args.size() > 1) return binder.too_many(d, 1, "no value");
  if (!d.args.empty())
    if (Problem problem = read(d.args[0].text, {.unit = Unit::kFlag}, on))
      return binder.reporter.error(d.args[0].at, fmt::format("{}: {}", d.name.text, *problem));
  if (!on) return;
  Token url;
  url.text = "publish://";
  url.at = d.name.at;
  add_input(binder, url, {}, out);
}

void meta(Binder& binder, const Field<Stream>& field, const Directive& d, Stream& out) {
  if (d.args.empty())
    return binder.reporter.error(d.name.at, "'meta' needs a key and a value: meta program_id 10;");
  Token key = d.args[0], number = d.args.size() > 1 ? d.args[1] : d.args[0];
  if (key.has_value()) {  // meta program_id=10
    number.text = key.value();
    key.text = key.key();
  }
  if (key.text != "program_id")
    return binder.reporter.warning(
        key.at, fmt::format("meta: '{}' is known but not supported here yet: it has no effect", key.text));
  if (d.args.size() == 1 && !d.args[0].has_value())
    return binder.reporter.error(key.at, "meta: 'program_id' needs a value: meta program_id 10;");
  const size_t most = d.args[0].has_value() ? 1 : 2;
  if (d.args.size() > most) return binder.too_many(d, most, "a key and a value");
  if (Problem problem = read(number.text, field.limits, out.program_id))
    binder.reporter.error(number.at, fmt::format("program_id: {}", *problem));
}

// A name, with letters in lower case, that may begin with "*.".
bool is_domain(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > 253 || name.front() == '.' || name.back() == '.') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

void domains(Binder& binder, const Directive& d, Stream& out) {
  if (d.args.empty())
    return binder.reporter.error(
        d.name.at, fmt::format("'{0}' needs names: {0} example.com *.example.com;", d.name.text));
  for (const Token& arg : d.args) {
    std::string name = arg.text;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (name != "*" && !is_domain(name))
      binder.reporter.error(
          arg.at, fmt::format("{}: '{}' is not the name of a site: write example.com, *.example.com or *",
                              d.name.text, arg.text));
    out.domains.push_back(std::move(name));
  }
}

void groups(Binder& binder, const Directive& d, Stream& out) {
  if (d.args.empty()) binder.reporter.error(d.name.at, "'group' needs a name: group sport;");
  for (const Token& arg : d.args) {
    if (const std::string problem = name_problem(arg.text, "a group"); !problem.empty())
      binder.reporter.error(arg.at, problem);
    else if (std::find(out.groups.begin(), out.groups.end(), arg.text) == out.groups.end())
      out.groups.push_back(arg.text);
  }
}

void labels(Binder& binder, const Directive& d, Stream& out) {
  if (d.args.empty()) binder.reporter.error(d.name.at, "'labels' needs words: labels region=north;");
  for (size_t i = 0; i < d.args.size(); ++i) {
    const Token& arg = d.args[i];
    if (!arg.has_value() && arg.starts_line) return binder.too_many(d, i, "labels");
    if (!arg.has_value())
      binder.reporter.error(arg.at, fmt::format("labels: '{0}' needs a value: {0}=VALUE", arg.text));
    else
      out.labels[std::string(arg.key())] = arg.value();
  }
}

}  // namespace

void bind_stream_body(Binder& binder, const Directive& d, Stream& out) {
  const std::span<const Directive> body = d.body;
  if (!out.template_name.empty()) {  // a list of its own replaces the inherited one
    const Forms set = forms_in(body);
    const auto sets = [&](Form form) { return set[static_cast<size_t>(form)]; };
    if (sets(Form::kInput) || sets(Form::kInputs) || sets(Form::kPublishEnabled) || d.args.size() > 1)
      out.inputs.clear();
    if (sets(Form::kPush) || sets(Form::kPushUdp)) out.pushes.clear();
    if (sets(Form::kProtocols)) out.protocols = {};
    if (sets(Form::kDomains)) out.domains.clear();
    if (sets(Form::kGroup)) out.groups.clear();
    if (sets(Form::kLabels)) out.labels.clear();
  }
  if (d.args.size() > 1) bind_input(binder, d, 1, out);  // old spelling: `stream NAME URL;`
  binder.section(kStreamSection, body, out);
}

void special(Binder& binder, Form form, const Field<Stream>& field, const Directive& d, Stream& out) {
  binder.no_block(d);
  switch (form) {
    case Form::kInput:
      if (d.args.empty())
        return binder.reporter.error(
            d.name.at, fmt::format("'{0}' needs an URL, for example {0} udp://239.0.0.1:1234;", d.name.text));
      return bind_input(binder, d, 0, out);
    case Form::kInputs:
      if (d.args.empty()) binder.reporter.error(d.name.at, "'urls' needs at least one URL");
      for (const Token& url : d.args) add_input(binder, url, {}, out);
      return;
    case Form::kPublishEnabled:
      return publish_enabled(binder, d, out);
    case Form::kRtp: {
      if (d.args.size() > 1) return binder.too_many(d, 1, "one value");
      if (d.args.empty()) return binder.reporter.error(d.name.at, "'rtp' needs a value: udp or tcp");
      const Problem problem = rtp(d.args[0].text, out.rtp_udp);
      if (problem) binder.reporter.error(d.args[0].at, fmt::format("rtp: {}", *problem));
      return;
    }
    case Form::kProtocols:
      return protocols(binder, d, out);
    case Form::kProtocolSwitch:
      return protocol_switch(binder, field, d, out);
    case Form::kBackup:
      return bind_backup(binder, d, out);
    case Form::kPush:
      return bind_push(binder, d, false, out);
    case Form::kPushUdp:
      return bind_push(binder, d, true, out);
    case Form::kNoPrepush:
      if (!d.args.empty()) return binder.too_many(d, 0, "no value");
      out.prepush = std::chrono::seconds(0);
      return;
    case Form::kMpegtsPids:
      return bind_mpegts_pids(binder, d, field.limits, out.mpegts_pids);
    case Form::kMeta:
      return meta(binder, field, d, out);
    case Form::kDomains:
      return domains(binder, d, out);
    case Form::kGroup:
      return groups(binder, d, out);
    case Form::kLabels:
      return labels(binder, d, out);
    case Form::kUseTemplate:  // read before all others: see TemplateSet::start()
    default:
      return;
  }
}

}  // namespace sluice::config
