#include "orchestrator/config/bind.h"

#include <fmt/format.h>

#include <set>

#include "orchestrator/config/names.h"
#include "orchestrator/config/tables.h"

namespace sluice::config {
namespace {

template <typename Visit>
void for_all_sections(Visit visit) {
  visit(kGlobalSection);
  visit(kListenerSection);
  visit(kStreamSection);
  visit(kVodSection);
}

class Binder {
 public:
  explicit Binder(Reporter& reporter) : reporter_(reporter) {}

  template <typename S>
  void section(const Section<S>& section, const std::vector<Directive>& directives, S& out) {
    std::set<const Field<S>*> seen;
    for (const Directive& d : directives) {
      const Field<S>* field = find_field(section, d.name.text);
      if (!field) {
        unknown(section, d);
        continue;
      }
      if (const Form* form = std::get_if<Form>(&field->member)) {
        special(*form, *field, d, out);
        continue;
      }
      if (!seen.insert(field).second)
        reporter_.warning(d.name.at,
                          fmt::format("'{}' is set a second time: the earlier value is lost", d.name.text));
      std::visit([&](auto member) { value(*field, d, member, out); }, field->member);
    }
  }

  void listener(const Directive& d, bool tls, Config& out) {
    Listener l;
    l.tls = tls;
    l.place = reporter_.place(d.name.at);
    if (d.args.empty()) {
      reporter_.error(d.name.at, fmt::format("'{0}' needs a port: {0} {1};", d.name.text, tls ? 443 : 80));
    } else {
      address(d.args[0], l);
      for (size_t i = 1; i < d.args.size() && listener_argument(d, i, l); ++i) {
      }
    }
    section(kListenerSection, d.body, l);
    out.listeners.push_back(std::move(l));
  }

  void stream(const Directive& d, bool is_static, Config& out) {
    Stream s;
    s.is_static = is_static;
    s.place = reporter_.place(d.name.at);
    if (d.args.empty()) {
      reporter_.error(d.name.at, fmt::format("'{0}' needs a name: {0} NAME {{ input URL; }}", d.name.text));
    } else {
      s.name = d.args[0].text;
      s.place = reporter_.place(d.args[0].at);
      if (const std::string problem = stream_name_problem(s.name); !problem.empty())
        reporter_.error(d.args[0].at, problem);
      if (d.args.size() > 1) input(d, 1, s);  // old spelling: `stream NAME URL;`
    }
    section(kStreamSection, d.body, s);
    if (!s.is_static && !s.disabled)
      reporter_.warning(
          d.name.at, fmt::format("starting on demand is not supported yet: '{}' runs all the time", s.name));
    out.streams.push_back(std::move(s));
  }

 private:
  template <typename S>
  void unknown(const Section<S>& section, const Directive& d) {
    const std::string_view name = d.name.text;
    if (is_unsupported(section, name)) {
      reporter_.warning(
          d.name.at,
          fmt::format("directive '{}' is known but not supported here yet: it has no effect", name));
      return;
    }
    std::string_view home;
    for_all_sections([&](const auto& other) {
      if (home.empty() && (find_field(other, name) || is_unsupported(other, name))) home = other.name;
    });
    if (!home.empty()) {
      reporter_.error(d.name.at,
                      fmt::format("'{}' is a directive of {}, not of {}: is a '{{' or '}}' misplaced?", name,
                                  home, section.name));
      return;
    }
    Nearest nearest(name);
    for (const auto& f : section.fields) {
      nearest.offer(f.name);
      if (!f.alias.empty()) nearest.offer(f.alias);
    }
    for (std::string_view n : section.unsupported) nearest.offer(n);
    reporter_.error(d.name.at, fmt::format("unknown directive '{}'{}", name, nearest.hint()));
  }

  void no_block(const Directive& d) {
    if (d.has_block)
      reporter_.error(d.name.at, fmt::format("'{}' takes no block: end it with ';'", d.name.text));
  }

  // Says that argument `i` is one too many; the usual reason is a forgotten semicolon.
  void too_many(const Directive& d, size_t i, std::string_view takes) {
    const Token& previous = i == 0 ? d.name : d.args[i - 1];
    if (d.args[i].starts_line)
      reporter_.error(d.args[i].at, fmt::format("';' is missing after '{}' at the end of line {}",
                                                previous.text, previous.at.line));
    else
      reporter_.error(d.args[i].at,
                      fmt::format("'{}' takes {}: '{}' is too much", d.name.text, takes, d.args[i].text));
  }

  template <typename S, typename T>
  void value(const Field<S>& field, const Directive& d, T S::*member, S& out) {
    no_block(d);
    if (d.args.size() > 1) return too_many(d, 1, "one value");
    if (d.args.empty()) {
      if constexpr (std::is_same_v<T, bool>)
        out.*member = true;
      else
        reporter_.error(d.name.at,
                        fmt::format("'{}' needs a value: a {}", field.name, describe(field.limits)));
      return;
    }
    if (Problem problem = read(d.args[0].text, field.limits, out.*member))
      reporter_.error(d.args[0].at, fmt::format("{}: {}", field.name, *problem));
  }
  template <typename S>
  void value(const Field<S>&, const Directive&, Form, S&) {}

  void special(Form form, const Field<Config>& field, const Directive& d, Config& out) {
    switch (form) {
      case Form::kHttp:
        return listener(d, false, out);
      case Form::kHttps:
        return listener(d, true, out);
      case Form::kStream:
        return stream(d, true, out);
      case Form::kOndemand:
        return stream(d, false, out);
      case Form::kVod:
        return vod(d, out);
      case Form::kCredentials:
        return credentials(d, field.name == "edit_auth" ? out.edit_auth : out.view_auth);
      default:
        return;
    }
  }

  void special(Form form, const Field<Stream>& field, const Directive& d, Stream& out) {
    if (form != Form::kInput) no_block(d);
    switch (form) {
      case Form::kInput:
        no_block(d);
        if (d.args.empty())
          return reporter_.error(
              d.name.at,
              fmt::format("'{0}' needs an URL, for example {0} udp://239.0.0.1:1234;", d.name.text));
        return input(d, 0, out);
      case Form::kInputs:
        if (d.args.empty()) reporter_.error(d.name.at, "'urls' needs at least one URL");
        for (const Token& url : d.args) add_input(url, {}, out);
        return;
      case Form::kRtp: {
        if (d.args.size() > 1) return too_many(d, 1, "one value");
        if (d.args.empty()) return reporter_.error(d.name.at, "'rtp' needs a value: udp or tcp");
        const Problem problem = rtp(d.args[0].text, out.rtp_udp);
        if (problem) reporter_.error(d.args[0].at, fmt::format("rtp: {}", *problem));
        return;
      }
      case Form::kProtocols:
        return protocols(d, out);
      case Form::kProtocolSwitch:
        return protocol_switch(field, d, out);
      default:
        return;
    }
  }
  void special(Form, const Field<Listener>&, const Directive&, Listener&) {}
  void special(Form, const Field<VodLocation>&, const Directive& d, VodLocation& out) {
    no_block(d);
    if (d.args.empty())
      reporter_.error(d.name.at, fmt::format("'{0}' needs a directory: {0} /DIRECTORY;", d.name.text));
    for (const Token& storage : d.args) {
      if (storage.text.starts_with('/'))
        out.storages.push_back(storage.text);
      else
        reporter_.warning(
            storage.at,
            "only directories of this machine (/...) are supported yet: this storage has no effect");
    }
  }

  void vod(const Directive& d, Config& out) {
    VodLocation v;
    v.place = reporter_.place(d.name.at);
    if (d.args.empty())
      return reporter_.error(
          d.name.at, fmt::format("'{0}' needs a name: {0} NAME {{ storage /DIRECTORY; }}", d.name.text));
    if (d.args.size() > 1) return too_many(d, 1, "one name");
    v.name = d.args[0].text;
    if (const std::string problem = stream_name_problem(v.name); !problem.empty())
      return reporter_.error(d.args[0].at, problem);
    section(kVodSection, d.body, v);
    reporter_.warning(
        d.name.at,
        fmt::format("files of '{}' are for file:// inputs: serving them is not supported yet", v.name));
    out.vod_locations.push_back(std::move(v));
  }

  void credentials(const Directive& d, std::optional<Credentials>& out) {
    no_block(d);
    if (d.args.size() > 2) return too_many(d, 2, "a user and a password");
    if (d.args.size() < 2)
      return reporter_.error(
          d.name.at, fmt::format("'{0}' needs a user and a password: {0} USER PASSWORD;", d.name.text));
    if (d.args[0].text.empty() || d.args[0].text.find(':') != std::string::npos)  // RFC 7617 2
      return reporter_.error(d.args[0].at,
                             fmt::format("{}: a user name is not empty and holds no ':'", d.name.text));
    if (d.args[1].text.empty())
      return reporter_.error(d.args[1].at, fmt::format("{}: the password is empty", d.name.text));
    out = Credentials{d.args[0].text, d.args[1].text};
  }

  void address(const Token& word, Listener& out) {
    std::string_view text = word.text;
    const size_t colon = text.rfind(':');
    std::string_view port = text;
    if (colon != std::string_view::npos) {
      std::string_view host = text.substr(0, colon);
      port = text.substr(colon + 1);
      if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
      out.address = host;
      if (!is_ip_address(out.address))
        return reporter_.error(
            word.at,
            fmt::format("'{}' is not a place to listen on: write PORT, IP:PORT or [IPv6]:PORT", text));
    }
    if (Problem problem = read(port, {.unit = Unit::kCount, .min = 1, .max = 65535}, out.port))
      reporter_.error(word.at, fmt::format("port: {}", *problem));
  }

  // `https 443 certificate=FILE;`: the block's options as arguments. False after one that is too much.
  bool listener_argument(const Directive& d, size_t i, Listener& out) {
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
      too_many(d, i, "one port");
      return false;
    }
    section(kListenerSection, {std::move(option)}, out);
    return true;
  }

  void protocols(const Directive& d, Stream& out) {
    if (d.args.empty())
      return reporter_.error(
          d.name.at,
          "'protocols' needs names: protocols hls dash; (only these) or protocols -dash; (all but these)");
    const bool black = d.args[0].text.starts_with('-');
    if (!black) out.protocols = {false, false, false, false, false, false};
    for (const Token& arg : d.args) {
      std::string_view name = arg.text;
      if (name.starts_with('-') != black)
        return reporter_.error(
            arg.at, "'protocols' takes either names to allow or names with '-' to forbid, not both");
      if (black) name.remove_prefix(1);
      const ProtocolName* found = nullptr;
      Nearest nearest(name);
      for (const ProtocolName& p : kProtocolNames) {
        if (p.name == name) found = &p;
        nearest.offer(p.name);
      }
      if (!found)
        reporter_.error(arg.at, fmt::format("unknown protocol '{}'{}", name, nearest.hint()));
      else if (found->member)
        out.protocols.*found->member = !black;
      else if (!black)
        not_served(arg.at, name);
    }
  }

  void not_served(const Span& at, std::string_view name) {
    reporter_.warning(at, fmt::format("protocol '{}' is known but not served here yet", name));
  }

  void protocol_switch(const Field<Stream>& field, const Directive& d, Stream& out) {
    if (d.args.size() > 1) return too_many(d, 1, "on or off");
    bool on = true;
    if (!d.args.empty())
      if (Problem problem = read(d.args[0].text, {.unit = Unit::kFlag}, on))
        return reporter_.error(d.args[0].at, fmt::format("{}: {}", field.name, *problem));
    for (const ProtocolName& p : kProtocolNames) {
      if (p.name != field.name) continue;
      if (p.member)
        out.protocols.*p.member = on;
      else if (on)
        not_served(d.name.at, p.name);
    }
  }

  // The URL is argument `first`, its own arguments follow.
  void input(const Directive& d, size_t first, Stream& out) {
    size_t end = first + 1;
    while (end < d.args.size() && !d.args[end].starts_line) ++end;
    // Arguments may go on in the next line; a directive's name there is a forgotten semicolon.
    for (; end < d.args.size(); ++end) {
      const Token& arg = d.args[end];
      const bool argument = find_field(kInputSection, arg.key()) || is_unsupported(kInputSection, arg.key());
      if (!arg.has_value() && !argument &&
          (find_field(kStreamSection, arg.text) || is_unsupported(kStreamSection, arg.text)))
        return too_many(d, end, "one URL");
    }
    add_input(d.args[first], std::span(d.args).subspan(first + 1), out);
  }

  void add_input(const Token& url, std::span<const Token> args, Stream& out) {
    Input in;
    in.url = url.text;
    in.place = reporter_.place(url.at);
    const std::string_view scheme = scheme_of(in.url);
    if (scheme.empty())
      return reporter_.error(
          url.at, fmt::format("'{}' is not an URL: write scheme://address, for example udp://239.0.0.1:1234",
                              in.url));
    const Scheme* known = find_scheme(scheme);
    if (!known) {
      Nearest nearest(scheme);
      for (const Scheme& s : kSchemes) nearest.offer(s.name);
      return reporter_.error(url.at, fmt::format("unknown scheme '{}://'{}", scheme, nearest.hint()));
    }
    if (known->kind == SourceKind::kNone)
      return reporter_.warning(
          url.at, fmt::format("inputs of {}:// are not supported here yet: this one is left out", scheme));
    const SourceKind kind = source_kind(in.url);
    if (kind == SourceKind::kNone)
      return reporter_.warning(
          url.at, fmt::format("what does this address carry? Write hls:// for a playlist or tshttp:// for "
                              "MPEG-TS instead of {}://: this input is left out",
                              scheme));
    query(url, scheme, kind, in);
    for (const Token& arg : args) argument(arg, scheme, kind, in);
    out.inputs.push_back(std::move(in));
  }

  // These schemes have nobody to send a query to: it holds arguments, as if they stood behind the URL.
  void query(const Token& url, std::string_view scheme, SourceKind kind, Input& in) {
    if (!contains(SourceKind::kFake | SourceKind::kUdp | SourceKind::kSrt, kind)) return;
    const size_t question = url.text.find('?');
    std::string_view rest =
        question == std::string::npos ? "" : std::string_view(url.text).substr(question + 1);
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('&'), rest.size());
      Token arg;
      arg.at = url.at;
      arg.text = percent_decode(rest.substr(0, end));
      arg.equals = arg.text.find('=');
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (arg.text.empty() || (kind == SourceKind::kSrt && arg.text == "mode=caller")) continue;
      if (kind == SourceKind::kSrt && arg.key() == "mode")
        reporter_.error(arg.at, "srt:// inputs are callers: only mode=caller can be had");
      else if (!is_utf8(arg.text))
        reporter_.error(arg.at, "the URL's query is not UTF-8 text");
      else
        argument(arg, scheme, kind, in);
    }
  }

  void argument(const Token& arg, std::string_view scheme, SourceKind kind, Input& in) {
    const std::string_view name = arg.key();
    const Field<Input>* field = find_field(kInputSection, name.starts_with("header.") ? "header.NAME" : name);
    if (!field && is_unsupported(kInputSection, name))
      return reporter_.warning(
          arg.at, fmt::format("argument '{}' is known but not supported here yet: it has no effect", name));
    if (!field) {
      Nearest nearest(name);
      for (const auto& f : kInputFields) nearest.offer(f.name);
      for (std::string_view n : kInputUnsupported) nearest.offer(n);
      return reporter_.error(arg.at, fmt::format("unknown argument '{}'{}", name, nearest.hint()));
    }
    if (!contains(field->sources, kind))
      reporter_.warning(arg.at,
                        fmt::format("argument '{}' means nothing to {}://: it has no effect", name, scheme));
    const bool flag = std::holds_alternative<bool Input::*>(field->member);
    if (!arg.has_value() && !flag)
      return reporter_.error(arg.at, fmt::format("argument '{0}' needs a value: {0}=VALUE", name));
    if (Problem problem = set_argument(in, *field, name, arg.has_value() ? arg.value() : "true"))
      reporter_.error(arg.at, fmt::format("{}: {}", name, *problem));
  }

  Reporter& reporter_;
};

}  // namespace

Config bind(const std::vector<Directive>& directives, Reporter& reporter) {
  Config out;
  Binder(reporter).section(kGlobalSection, directives, out);
  resolve_files(out, reporter);
  return out;
}

}  // namespace sluice::config
