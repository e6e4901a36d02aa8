// Directives of the top level, but for streams and templates.
#include "orchestrator/config/binder.h"

namespace sluice::config {
namespace {

void address(Binder& binder, const Token& word, Listener& out) {
  std::string_view text = word.text;
  const size_t colon = text.rfind(':');
  std::string_view port = text;
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    out.address = host;
    if (!is_ip_address(out.address))
      return binder.reporter.error(
          word.at, fmt::format("'{}' is not a place to listen on: write PORT, IP:PORT or [IPv6]:PORT", text));
  }
  if (Problem problem = read(port, {.unit = Unit::kCount, .min = 1, .max = 65535}, out.port))
    binder.reporter.error(word.at, fmt::format("port: {}", *problem));
}

// `https 443 certificate=FILE;`: the block's options as arguments. False after one that is too much.
bool listener_argument(Binder& binder, const Directive& d, size_t i, Listener& out) {
  const Token& arg = d.args[i];
  Directive option;
  option.name = arg;
  if (arg.has_value()) {
    option.name.text = arg.key();
    Token v = arg;
    v.text = arg.value();
    v.starts_line = false;
    option.args.push_back(std::move(v));
  } else if (arg.starts_line || !find_field(kListenerSection, arg.text)) {
    binder.too_many(d, i, "one port");
    return false;
  }
  binder.section(kListenerSection, std::span(&option, 1), out);
  return true;
}

void listener(Binder& binder, const Directive& d, bool tls, Config& out) {
  Listener l;
  l.tls = tls;
  l.place = binder.reporter.place(d.name.at);
  if (d.args.empty()) {
    binder.reporter.error(d.name.at,
                          fmt::format("'{0}' needs a port: {0} {1};", d.name.text, tls ? 443 : 80));
  } else {
    address(binder, d.args[0], l);
    for (size_t i = 1; i < d.args.size() && listener_argument(binder, d, i, l); ++i) {
    }
  }
  binder.section(kListenerSection, d.body, l);
  out.listeners.push_back(std::move(l));
}

void vod(Binder& binder, const Directive& d, Config& out) {
  VodLocation v;
  if (d.args.empty())
    return binder.reporter.error(
        d.name.at, fmt::format("'{0}' needs a name: {0} NAME {{ storage /DIRECTORY; }}", d.name.text));
  if (d.args.size() > 1) return binder.too_many(d, 1, "one name");
  v.name = d.args[0].text;
  v.place = binder.reporter.place(d.args[0].at);
  if (const std::string problem = name_problem(v.name, "a VOD location"); !problem.empty())
    return binder.reporter.error(d.args[0].at, problem);
  binder.section(kVodSection, d.body, v);
  out.vod_locations.push_back(std::move(v));
}

void credentials(Binder& binder, const Directive& d, std::optional<Credentials>& out) {
  binder.no_block(d);
  if (d.args.size() > 2) return binder.too_many(d, 2, "a user and a password");
  if (d.args.size() < 2)
    return binder.reporter.error(
        d.name.at, fmt::format("'{0}' needs a user and a password: {0} USER PASSWORD;", d.name.text));
  if (d.args[0].text.empty() || d.args[0].text.find(':') != std::string::npos)  // RFC 7617 2
    return binder.reporter.error(d.args[0].at,
                                 fmt::format("{}: a user name is not empty and holds no ':'", d.name.text));
  if (d.args[1].text.empty())
    return binder.reporter.error(d.args[1].at, fmt::format("{}: the password is empty", d.name.text));
  out = Credentials{d.args[0].text, d.args[1].text};
}

}  // namespace

void special(Binder& binder, Form form, const Field<Config>& field, const Directive& d, Config& out) {
  switch (form) {
    case Form::kHttp:
      return listener(binder, d, false, out);
    case Form::kHttps:
      return listener(binder, d, true, out);
    case Form::kVod:
      return vod(binder, d, out);
    case Form::kEventSink:
      return bind_event_sink(binder, d, out);
    case Form::kCredentials:
      return credentials(binder, d, field.name == "edit_auth" ? out.edit_auth : out.view_auth);
    case Form::kTemplate:
    case Form::kLive:
    case Form::kRewrite:
      return binder.waiting.templates.push_back({&d, form, &binder.reporter});
    case Form::kStream:
    case Form::kOndemand:
      return binder.waiting.streams.push_back({&d, form, &binder.reporter});
    default:
      return;
  }
}

void special(Binder&, Form, const Field<Listener>&, const Directive&, Listener&) {}
void special(Binder&, Form, const Field<Template>&, const Directive&, Template&) {}

void special(Binder& binder, Form, const Field<VodLocation>&, const Directive& d, VodLocation& out) {
  binder.no_block(d);
  if (d.args.empty())
    binder.reporter.error(d.name.at, fmt::format("'{0}' needs a directory: {0} /DIRECTORY;", d.name.text));
  for (const Token& storage : d.args) {
    if (storage.text.starts_with('/'))
      out.storages.push_back(storage.text);
    else
      binder.reporter.warning(
          storage.at,
          "only directories of this machine (/...) are supported yet: this storage has no effect");
  }
}

}  // namespace sluice::config
