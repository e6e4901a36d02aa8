#include "orchestrator/log/library_log.h"

#include <glib.h>
#include <gst/gst.h>

#include <cctype>

namespace sluice::logging {
namespace {

LogLevel level_of(GLogLevelFlags flags) {
  if (flags & G_LOG_LEVEL_ERROR) return LogLevel::kCritical;  // GLib ends the process after it
  if (flags & G_LOG_LEVEL_CRITICAL) return LogLevel::kError;
  if (flags & G_LOG_LEVEL_WARNING) return LogLevel::kWarning;
  if (flags & G_LOG_LEVEL_MESSAGE) return LogLevel::kNotice;
  return LogLevel::kDebug;
}

std::string_view field(const GLogField* fields, gsize count, std::string_view name) {
  for (gsize i = 0; i < count; ++i) {
    if (fields[i].key != name || !fields[i].value) continue;
    const auto* text = static_cast<const char*>(fields[i].value);
    return fields[i].length < 0 ? std::string_view(text)
                                : std::string_view(text, static_cast<size_t>(fields[i].length));
  }
  return {};
}

GLogWriterOutput take_glib(GLogLevelFlags flags, const GLogField* fields, gsize count, gpointer data) {
  auto& log = *static_cast<Log*>(data);
  const LogLevel level = level_of(flags);
  if (log.enabled(level)) {
    const std::string_view domain = field(fields, count, "GLIB_DOMAIN");
    const std::string text =
        fmt::format("{}: {}", domain.empty() ? "GLib" : domain, field(fields, count, "MESSAGE"));
    log.say(level, cause_of(text), text);
  }
  return G_LOG_WRITER_HANDLED;
}

void take_gstreamer(GstDebugCategory* category, GstDebugLevel from, const gchar*, const gchar*, gint,
                    GObject* object, GstDebugMessage* message, gpointer data) {
  auto& log = *static_cast<Log*>(data);
  if (from > GST_LEVEL_WARNING || !log.enabled(LogLevel::kDebug)) return;
  std::string who = gst_debug_category_get_name(category);
  // An object's name: its path would lock its parents, which this thread may hold.
  if (object && GST_IS_OBJECT(object) && GST_OBJECT_NAME(object))
    who += fmt::format(" {}", GST_OBJECT_NAME(object));
  const std::string text = fmt::format("GStreamer {}: {}", who, gst_debug_message_get(message));
  log.say(LogLevel::kDebug, cause_of(text), text);
}

}  // namespace

std::string cause_of(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hex = text.substr(i).starts_with("0x");
    if (!hex && !std::isdigit(static_cast<unsigned char>(text[i]))) {
      out += text[i];
      continue;
    }
    if (hex) ++i;
    const auto more = [&](char c) {
      return hex ? std::isxdigit(static_cast<unsigned char>(c)) : std::isdigit(static_cast<unsigned char>(c));
    };
    while (i + 1 < text.size() && more(text[i + 1])) ++i;
    out += '#';
  }
  return out;
}

void take_library_messages(Log& log) {
  g_log_set_writer_func(take_glib, &log, nullptr);
  if (g_getenv("GST_DEBUG")) return;
  // The functions themselves: the macros around them compare a function with a pointer to data. Null is the
  // default one.
  (gst_debug_remove_log_function)(nullptr);
  (gst_debug_add_log_function)(take_gstreamer, &log, nullptr);
  gst_debug_set_default_threshold(GST_LEVEL_WARNING);
}

}  // namespace sluice::logging
