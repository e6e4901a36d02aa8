#include <fmt/format.h>

#include <cassert>

#include "orchestrator/plan/plan.h"
#include "orchestrator/plan/quote.h"

namespace sluice::plan {
namespace {

std::string value_text(const Property& p) {
  if (const bool* flag = std::get_if<bool>(&p.value)) return *flag ? "true" : "false";
  if (const int64_t* number = std::get_if<int64_t>(&p.value)) return std::to_string(*number);
  if (const double* real = std::get_if<double>(&p.value)) return fmt::format("{}", *real);
  const std::string& text = std::get<std::string>(p.value);
  return p.serialized ? text : launch_quoted(text);
}

std::string element_text(const Element& e) {
  std::string out = e.factory;
  if (!e.name.empty()) out += " name=" + e.name;
  for (const Property& p : e.properties) out += " " + shell_quoted(p.name + "=" + value_text(p));
  if (!e.caps.empty()) out += " ! " + shell_quoted(e.caps);
  return out;
}

std::string elements_text(const std::vector<Element>& elements) {
  std::string out;
  for (const Element& e : elements) out += (out.empty() ? "" : " ! ") + element_text(e);
  return out;
}

bool is_muxer(const Chain& chain) {
  return !chain.elements.empty() && chain.elements.back().name == "mux";
}

bool shows_clock(const Pipeline& pipeline) {
  for (const Chain& c : pipeline.chains)
    for (const Element& e : c.elements)
      if (e.factory == "clockoverlay") return true;
  return false;
}

}  // namespace

std::string launch_text(const StreamPlan& plan, size_t input) {
  assert(input < plan.inputs.size());
  return launch_text(plan, plan.inputs[input]);
}

std::string launch_text(const StreamPlan& plan, const InputPlan& in) {
  // The muxer and all behind it are written where the first chain reaches them; the others name it.
  std::string muxer;
  for (const Chain& c : in.pipeline.chains)
    if (is_muxer(c)) muxer = elements_text(c.elements);
  for (const Chain& c : plan.spine.chains)
    muxer += (c.from.empty() ? " ! " : " " + c.from + ". ! ") + elements_text(c.elements);
  for (const PushPlan& push : plan.pushes)
    if (!push.element.factory.empty()) muxer += " spine. ! " + element_text(push.element);

  std::string out = shows_clock(in.pipeline) ? "TZ=UTC gst-launch-1.0" : "gst-launch-1.0";
  bool written = false;
  for (const Chain& c : in.pipeline.chains) {
    if (is_muxer(c)) continue;
    if (!c.from.empty()) out += " " + c.from + ". !";
    out += " " + elements_text(c.elements);
    if (c.to.empty()) continue;
    out += c.all ? " : " : " ! ";
    out += c.to == "mux" && !written ? muxer : c.to + ".";
    written |= c.to == "mux";
  }
  return out;
}

}  // namespace sluice::plan
