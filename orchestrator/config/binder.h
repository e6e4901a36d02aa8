// What the functions that bind directives to values share. Inside this folder only.
#pragma once

#include <fmt/format.h>

#include <bitset>
#include <cassert>
#include <span>
#include <unordered_map>

#include "orchestrator/config/bind.h"
#include "orchestrator/config/names.h"
#include "orchestrator/config/tables.h"

namespace sluice::config {

class Binder;

// Directives that are more than one value, one function per section.
void special(Binder&, Form, const Field<Config>&, const Directive&, Config&);
void special(Binder&, Form, const Field<Listener>&, const Directive&, Listener&);
void special(Binder&, Form, const Field<VodLocation>&, const Directive&, VodLocation&);
void special(Binder&, Form, const Field<Template>&, const Directive&, Template&);
void special(Binder&, Form, const Field<Stream>&, const Directive&, Stream&);
void special(Binder&, Form, const Field<EventSink>&, const Directive&, EventSink&);

// Top level directives that wait until the whole configuration is known: streams may name templates that
// stand behind them.
struct Pending {
  const Directive* directive;
  Form form;
  Reporter* reporter;
};

// Fields of a section that were set.
using Seen = std::bitset<128>;

// What goes from file to file.
struct Waiting {
  std::vector<Pending> templates, streams;
  Seen seen;  // of the top level
};

template <typename Visit>
void for_all_sections(Visit visit) {
  visit(kGlobalSection);
  visit(kListenerSection);
  visit(kStreamSection);
  visit(kTemplateSection);
  visit(kVodSection);
  visit(kEventSinkSection);
}

// One per file.
class Binder {
 public:
  Binder(Reporter& reporter, Waiting& waiting) : reporter(reporter), waiting(waiting) {}

  Reporter& reporter;
  Waiting& waiting;

  template <typename S>
  void section(const Section<S>& section, std::span<const Directive> directives, S& out) {
    Seen own;
    // The top level of all files is one.
    Seen& seen = std::is_same_v<S, Config> ? waiting.seen : own;
    assert(section.fields.size() <= seen.size());
    for (const Directive& d : directives) {
      const Field<S>* field = find_field(section, d.name.text);
      if (goes_on(section, field, d)) continue;
      if (!field) {
        unknown(section, d, out);
        continue;
      }
      const Form* form = std::get_if<Form>(&field->member);
      if (form && !is_single(*form)) {
        special(*this, *form, *field, d, out);
        continue;
      }
      const auto index = static_cast<size_t>(field - section.fields.data());
      if (seen[index])
        reporter.warning(d.name.at,
                         fmt::format("'{}' is set a second time: the earlier value is lost", d.name.text));
      seen[index] = true;
      if (form) {
        special(*this, *form, *field, d, out);
        continue;
      }
      std::visit([&](auto member) { value(*field, d, member, out); }, field->member);
    }
  }

  // For the hint of an error. Not looked for when the error will not be shown: a file of garbage is read
  // quickly, too.
  Nearest nearest_to(std::string_view word) const {
    return Nearest(reporter.keeps_errors() ? word : std::string_view{});
  }
  void no_block(const Directive& d);
  // Says that argument `i` is one too many; the usual reason is a forgotten semicolon.
  void too_many(const Directive& d, size_t i, std::string_view takes);
  void known_only(const Directive& d);
  void unknown_scheme(const Token& url, std::string_view scheme, const Nearest& nearest);

  // The field that an argument key=value sets. Null: reported; it has no effect.
  template <typename S>
  const Field<S>* argument_field(const Section<S>& section, const Token& arg, std::string_view name) {
    if (const Field<S>* field = find_field(section, name)) {
      const Form* form = std::get_if<Form>(&field->member);
      const bool flag = std::holds_alternative<bool S::*>(field->member) || (form && *form == Form::kLowest);
      if (arg.has_value() || flag) return field;
      reporter.error(arg.at, fmt::format("argument '{0}' needs a value: {0}=VALUE", arg.key()));
      return nullptr;
    }
    if (is_unsupported(section, name)) {
      reporter.warning(
          arg.at,
          fmt::format("argument '{}' is known but not supported here yet: it has no effect", arg.key()));
      return nullptr;
    }
    Nearest nearest = nearest_to(name);
    offer(section, nearest);
    reporter.error(arg.at, fmt::format("unknown argument '{}'{}", arg.key(), nearest.hint()));
    return nullptr;
  }

  // Whether the arguments from `first` on belong to the directive; reports a forgotten semicolon, after which
  // a directive of a stream stands at the start of a line.
  template <typename S>
  bool arguments_end(const Section<S>& section, const Directive& d, size_t first, std::string_view takes) {
    for (size_t i = first; i < d.args.size(); ++i) {
      const Token& arg = d.args[i];
      if (!arg.starts_line || arg.has_value()) continue;
      if (find_field(section, arg.text) || is_unsupported(section, arg.text)) continue;
      if (!find_field(kStreamSection, arg.text) && !is_unsupported(kStreamSection, arg.text)) continue;
      too_many(d, i, takes);
      return false;
    }
    return true;
  }

 private:
  // Directives of which only the last one counts, though they are more than one value.
  static constexpr bool is_single(Form form) {
    return form == Form::kCredentials || form == Form::kRtp || form == Form::kBackup ||
           form == Form::kMpegtsPids;
  }

  template <typename S>
  static void offer(const Section<S>& section, Nearest& nearest) {
    for (const auto& f : section.fields) {
      nearest.offer(f.name);
      if (!f.alias.empty()) nearest.offer(f.alias);
    }
    for (std::string_view n : section.unsupported) nearest.offer(n);
  }

  // Whether the next directive's name stands among the arguments, at the start of a line: a forgotten
  // semicolon, which is reported.
  template <typename S>
  bool goes_on(const Section<S>& section, const Field<S>* field, const Directive& d) {
    const Form* form = field ? std::get_if<Form>(&field->member) : nullptr;
    // The first three have arguments with such names and look themselves; protocols are called as directives
    // are.
    if (form && (*form == Form::kInput || *form == Form::kPush || *form == Form::kBackup ||
                 *form == Form::kProtocols))
      return false;
    for (size_t i = 0; i < d.args.size(); ++i) {
      const Token& arg = d.args[i];
      if (!arg.starts_line || arg.has_value()) continue;
      if (!find_field(section, arg.text) && !is_unsupported(section, arg.text)) continue;
      too_many(d, i, {});
      return true;
    }
    return false;
  }

  template <typename S>
  void unknown(const Section<S>& section, const Directive& d, S& out) {
    const std::string_view name = d.name.text;
    if (is_unsupported(section, name)) return known_only(d);
    Nearest nearest = nearest_to(name);
    offer(section, nearest);
    if constexpr (std::is_same_v<S, EventSink>) {  // what is not ours is the receiver's
      if (d.args.size() == 1 && !d.has_block) {
        if (!nearest.name().empty())
          reporter.warning(d.name.at, fmt::format("unknown directive '{}' is passed to the receiver{}", name,
                                                  nearest.hint()));
        out.extra[std::string(name)] = d.args[0].text;
        return;
      }
    }
    std::string_view home;
    for_all_sections([&](const auto& other) {
      if (home.empty() && (find_field(other, name) || is_unsupported(other, name))) home = other.name;
    });
    if (!home.empty())
      reporter.error(d.name.at,
                     fmt::format("'{}' is a directive of {}, not of {}: is a '{{' or '}}' misplaced?", name,
                                 home, section.name));
    else
      reporter.error(d.name.at, fmt::format("unknown directive '{}'{}", name, nearest.hint()));
  }

  template <typename S, typename T>
  void value(const Field<S>& field, const Directive& d, T S::*member, S& out) {
    no_block(d);
    if (d.args.size() > 1) return too_many(d, 1, "one value");
    if (d.args.empty()) {
      if constexpr (std::is_same_v<T, bool>)
        out.*member = true;
      else
        reporter.error(d.name.at,
                       fmt::format("'{}' needs a value: a {}", d.name.text, describe(field.limits)));
      return;
    }
    if (Problem problem = read(d.args[0].text, field.limits, out.*member))
      reporter.error(d.args[0].at, fmt::format("{}: {}", d.name.text, *problem));
  }
  template <typename S>
  void value(const Field<S>&, const Directive&, Form, S&) {}
};

// Where nobody is sent a URL's query it holds arguments, as if they stood behind the URL.
template <typename Use>
void for_each_query_argument(Binder& binder, const Token& url, Use use) {
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
    if (arg.text.empty()) continue;
    if (is_utf8(arg.text))
      use(arg);
    else
      binder.reporter.error(arg.at, "the URL's query is not UTF-8 text");
  }
}

// The templates of a configuration, by name. Bound on demand: one may begin with another that stands behind
// it.
class TemplateSet {
 public:
  TemplateSet(std::vector<Pending> pending, Waiting& waiting, const Config& config);
  // All of them, in the order of the files.
  std::vector<Template> bind_all();
  // What a block's values begin with: the template that it names, or what every stream begins with.
  Stream start(Binder& binder, std::span<const Directive> body);
  std::string_view prefix(const std::string& name) const;

 private:
  struct Entry {
    Pending pending;
    Template value;
    enum { kWaiting, kBinding, kBound } state = kWaiting;
  };
  void bind(Entry& entry);

  Waiting& waiting_;
  const Config& config_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, size_t> by_name_;
};

// The body of a stream or a template, over what `out` holds already.
void bind_stream_body(Binder& binder, const Directive& d, Stream& out);

// The URL is argument `first`, its own arguments follow.
void bind_input(Binder& binder, const Directive& d, size_t first, Stream& out);
void add_input(Binder& binder, const Token& url, std::span<const Token> args, Stream& out);
void bind_push(Binder& binder, const Directive& d, bool old_spelling, Stream& out);
void bind_backup(Binder& binder, const Directive& d, Stream& out);
void bind_mpegts_pids(Binder& binder, const Directive& d, const Limits& limits, MpegtsPids& out);
void bind_event_sink(Binder& binder, const Directive& d, Config& out);

// "pmt", "v1", ...: one PID. The problem, if there is one, does not repeat the key.
Problem set_pid(MpegtsPids& pids, std::string_view key, std::string_view value, const Limits& limits);

}  // namespace sluice::config
