// Inputs of a stream.
#include "orchestrator/config/binder.h"

namespace sluice::config {
namespace {

void argument(Binder& binder, const Token& arg, std::string_view scheme, SourceKind kind, Input& in) {
  const std::string_view name = arg.key();
  const Field<Input>* field =
      binder.argument_field(kInputSection, arg, name.starts_with("header.") ? "header.NAME" : name);
  if (!field) return;
  if (!contains(field->sources, kind))
    binder.reporter.warning(
        arg.at, fmt::format("argument '{}' means nothing to {}://: it has no effect", name, scheme));
  if (Problem problem = set_argument(in, *field, name, arg.has_value() ? arg.value() : "true"))
    binder.reporter.error(arg.at, fmt::format("{}: {}", name, *problem));
}

// These schemes have nobody to send a query to: it holds arguments, as if they stood behind the URL.
void query(Binder& binder, const Token& url, std::string_view scheme, SourceKind kind, Input& in) {
  if (!contains(SourceKind::kFake | SourceKind::kUdp | SourceKind::kSrt, kind)) return;
  for_each_query_argument(binder, url, [&](const Token& arg) {
    if (kind == SourceKind::kSrt && arg.text == "mode=caller") return;
    if (kind == SourceKind::kSrt && arg.key() == "mode")
      return binder.reporter.error(arg.at, "srt:// inputs are callers: only mode=caller can be had");
    argument(binder, arg, scheme, kind, in);
  });
}

}  // namespace

void bind_input(Binder& binder, const Directive& d, size_t first, Stream& out) {
  if (binder.arguments_end(kInputSection, d, first + 1, "one URL"))
    add_input(binder, d.args[first], std::span(d.args).subspan(first + 1), out);
}

void add_input(Binder& binder, const Token& url, std::span<const Token> args, Stream& out) {
  Input in;
  in.url = url.text;
  in.place = binder.reporter.place(url.at);
  const std::string_view scheme = scheme_of(in.url);
  if (scheme.empty())
    return binder.reporter.error(
        url.at,
        fmt::format("'{}' is not an URL: write scheme://address, for example udp://239.0.0.1:1234", in.url));
  const Scheme* known = find_scheme(scheme);
  if (!known) {
    Nearest nearest = binder.nearest_to(scheme);
    for (const Scheme& s : kSchemes) nearest.offer(s.name);
    return binder.unknown_scheme(url, scheme, nearest);
  }
  if (known->kind == SourceKind::kNone)
    return binder.reporter.warning(
        url.at, fmt::format("inputs of {}:// are not supported here yet: this one is left out", scheme));
  const SourceKind kind = source_kind(in.url);
  if (kind == SourceKind::kNone)
    return binder.reporter.warning(
        url.at, fmt::format("what does this address carry? Write hls:// for a playlist or tshttp:// for "
                            "MPEG-TS instead of {}://: this input is left out",
                            scheme));
  query(binder, url, scheme, kind, in);
  for (const Token& arg : args) argument(binder, arg, scheme, kind, in);
  out.inputs.push_back(std::move(in));
}

}  // namespace sluice::config
