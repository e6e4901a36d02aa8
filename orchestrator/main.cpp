// sluiced: the daemon. Joins the rooms; the only place that knows them all.
#include <glib-unix.h>
#include <gst/gst.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "orchestrator/api/server_stats.h"
#include "orchestrator/config/load.h"
#include "orchestrator/config/names.h"
#include "orchestrator/config/templates.h"
#include "orchestrator/control/control.h"
#include "orchestrator/event/bus.h"
#include "orchestrator/event/event.h"
#include "orchestrator/event/server_events.h"
#include "orchestrator/http/front.h"
#include "orchestrator/log/library_log.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/store/configuration.h"
#include "orchestrator/store/report.h"
#include "orchestrator/stream/streams.h"
#include "orchestrator/taker.h"

namespace {

using sluice::Log;
namespace config = sluice::config;

constexpr int kFailed = 1;  // the configuration or the machine does not allow it
constexpr int kUsage = 2;   // the command line is wrong
constexpr size_t kPackageCacheBytes = 256u << 20;
constexpr guint kStopDeadlineMs = 10'000;
constexpr guint kSecondMs = 1000;

struct Options {
  std::string file = "/etc/sluice/flussonic.conf";
  std::string explain;
  bool check = false, reload = false;
};

// Empty: leave with `status`.
std::optional<Options> read_options(int argc, char** argv, int& status) {
  gchar* file = nullptr;
  gchar* explain = nullptr;
  gboolean check = FALSE, reload = FALSE, version = FALSE;
  const GOptionEntry entries[] = {
      {"config", 'c', 0, G_OPTION_ARG_FILENAME, &file, "The configuration (/etc/sluice/flussonic.conf)",
       "FILE"},
      {"check", 0, 0, G_OPTION_ARG_NONE, &check,
       "Read the configuration, say what is wrong with it, and leave", nullptr},
      {"explain", 0, 0, G_OPTION_ARG_STRING, &explain,
       "Print a stream's pipelines as gst-launch-1.0 lines, and leave", "NAME"},
      {"reload", 0, 0, G_OPTION_ARG_NONE, &reload,
       "Have the server that runs by the configuration read it again, and say how that went", nullptr},
      {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version, and leave", nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  GOptionContext* context = g_option_context_new("- live media server");
  g_option_context_set_summary(
      context,
      "Reads flussonic.conf, runs every stream as a GStreamer pipeline, and serves it over HTTP.\n"
      "SIGHUP has it read the file again: streams that did not change go on undisturbed, and a file\n"
      "with errors changes nothing.\n"
      "Exit status: 0 done, 1 the configuration or the machine does not allow it, 2 wrong arguments.");
  g_option_context_add_main_entries(context, entries, nullptr);
  GError* error = nullptr;
  const bool parsed = g_option_context_parse(context, &argc, &argv, &error);
  g_option_context_free(context);
  std::optional<Options> options;
  if (!parsed) {
    std::fprintf(stderr, "sluiced: %s (see sluiced --help)\n", error->message);
    g_error_free(error);
    status = kUsage;
  } else if (argc > 1) {
    std::fprintf(stderr, "sluiced: what is '%s'? (see sluiced --help)\n", argv[1]);
    status = kUsage;
  } else if (version) {
    std::printf("sluiced %s\n", SLUICE_VERSION);
    status = 0;
  } else {
    options.emplace();
    if (file) options->file = file;
    if (explain) options->explain = explain;
    options->check = check;
    options->reload = reload;
  }
  g_free(file);
  g_free(explain);
  return options;
}

std::optional<config::Config> load(const std::string& file, std::vector<config::SourceFile>& sources) {
  config::Diagnostic problem;
  config::LoadResult result;
  if (auto read = config::read_sources(file, problem)) {
    sources = std::move(*read);
    result = config::load_sources(sources);
  } else {
    result.diagnostics.push_back(std::move(problem));
  }
  for (const config::Diagnostic& diagnostic : result.diagnostics)
    std::fprintf(stderr, "%s\n", config::format(diagnostic).c_str());
  return std::move(result.config);
}

int reload(const std::string& file) {
  const auto answer = sluice::control::ask_to_reload(file);
  if (!answer) {
    std::fprintf(stderr, "sluiced: no server of this user runs by %s: start it, or check the path\n",
                 file.c_str());
    return kFailed;
  }
  std::fputs(answer->text.c_str(), answer->good ? stdout : stderr);
  return answer->good ? 0 : kFailed;
}

// The stream of that name, or what a template makes of the name when somebody asks for it.
std::optional<config::Stream> stream_of(const config::Config& config, const std::string& name) {
  for (const config::Stream& stream : config.streams)
    if (stream.name == name) return stream;
  const config::Template* source =
      config::stream_name_problem(name).empty() ? config::match_prefix(config.templates, name) : nullptr;
  return source ? std::optional(config::instantiate(*source, name)) : std::nullopt;
}

// Where this daemon's streams are to be had, for lines that read them from it.
std::string own_url(const config::Config& config) {
  for (const config::Listener& listener : config.listeners)
    if (!listener.tls) {
      const bool v6 = listener.address.find(':') != std::string::npos;
      const std::string host = listener.address.empty() ? "127.0.0.1" : listener.address;
      return fmt::format("http://{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", listener.port);
    }
  return "http://127.0.0.1:80";
}

int explain(const config::Config& config, const std::string& name) {
  const auto stream = stream_of(config, name);
  if (!stream) {
    std::fprintf(stderr, "sluiced: the configuration has no stream '%s'\n", name.c_str());
    return kFailed;
  }
  auto planned = sluice::plan::plan(*stream, sluice::plan::local_interface, own_url(config));
  if (const auto* bad = std::get_if<sluice::plan::PlanError>(&planned)) {
    std::fprintf(stderr, "%s: %s\n", bad->place.text().c_str(), bad->text.c_str());
    return kFailed;
  }
  const auto& plan = std::get<sluice::plan::StreamPlan>(planned);
  for (size_t i = 0; i < plan.inputs.size(); ++i)
    std::printf("# %s, input %zu: %s\n%s\n", name.c_str(), i + 1, plan.inputs[i].supervision.address.c_str(),
                sluice::plan::launch_text(plan, i).c_str());
  if (!stream->backup) return 0;
  const auto backup = sluice::plan::plan_backup(*stream);
  if (const auto* bad = std::get_if<sluice::plan::PlanError>(&backup)) {
    std::fprintf(stderr, "%s: %s\n", bad->place.text().c_str(), bad->text.c_str());
    return kFailed;
  }
  const auto& input = std::get<sluice::plan::InputPlan>(backup);
  std::printf("# %s, backup: %s\n%s\n", name.c_str(), input.supervision.address.c_str(),
              sluice::plan::launch_text(plan, input).c_str());
  return 0;
}

// What only planning finds: URLs that cannot be used. Of a template with a prefix a stream is planned that
// somebody could ask for.
bool plannable(const config::Config& config) {
  bool good = true;
  const auto check = [&](const config::Stream& stream, const std::string& whose) {
    for (const sluice::plan::PlanError& bad : sluice::plan::problems(stream)) {
      std::fprintf(stderr, "%s: %s: %s\n", bad.place.text().c_str(), whose.c_str(), bad.text.c_str());
      good = false;
    }
  };
  for (const config::Template& source : config.templates) {
    const std::string name = source.prefix + "/name";
    if (!source.prefix.empty() && config::stream_name_problem(name).empty())
      check(config::instantiate(source, name), "template " + source.name);
  }
  for (const config::Stream& stream : config.streams) check(stream, "stream " + stream.name);
  return good;
}

// In a build tree the plugins stand beside the daemon's own folder; an installed daemon finds them where
// GStreamer looks.
void find_plugins() {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return;
  const auto plugins = self.parent_path().parent_path() / "plugins";
  for (const char* room : {"m4f", "hls", "udp"})
    if (std::filesystem::is_directory(plugins / room, failed))
      gst_registry_scan_path(gst_registry_get(), (plugins / room).c_str());
}

// A client is a descriptor: as many as the system allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void say_where(const config::Config& config, const sluice::http::Front& front) {
  const auto ports = front.ports();
  for (size_t i = 0; i < config.listeners.size() && i < ports.size(); ++i) {
    const config::Listener& listener = config.listeners[i];
    const std::string base = fmt::format("{}://{}:{}", listener.tls ? "https" : "http",
                                         listener.address.empty() ? "localhost" : listener.address, ports[i]);
    std::printf("Sluice listens on %s/\n", base.c_str());
    for (const config::Stream& stream : config.streams)
      if (i == 0 && !stream.disabled && stream.protocols.player) {
        std::printf("Watch %s: %s/%s/embed.html\n", stream.name.c_str(), base.c_str(), stream.name.c_str());
        break;
      }
  }
  std::fflush(stdout);
}

// What SIGHUP is for.
struct Reloaded {
  sluice::store::Configuration& configuration;
  sluice::event::Bus& events;
};

int run(config::Config loaded, std::vector<config::SourceFile> sources, const std::string& file) {
  Log& log = *new Log(loaded.loglevel);  // GLib keeps it for the life of the process
  sluice::logging::take_library_messages(log);
  if (loaded.listeners.empty()) {
    log.error("the configuration has no listener: add `http 8080;`");
    return kFailed;
  }
  sluice::event::Bus events(log, sluice::api::host_name(),
                            sluice::event::first_id_of(std::chrono::system_clock::now()));
  sluice::stream::Streams streams(log, events, kPackageCacheBytes);
  sluice::RunningTaker taker(file, log, events, streams);
  sluice::store::Configuration configuration(std::move(loaded), std::move(sources), taker,
                                             sluice::stream::post_to_main, log);
  auto first = configuration.current();
  const config::Config& config = first->config;
  events.apply(config.event_sinks);
  // Before the first answer over HTTP: who sees that may signal and reload at once.
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  const auto quit = [](gpointer data) -> gboolean {
    g_main_loop_quit(static_cast<GMainLoop*>(data));
    return G_SOURCE_CONTINUE;
  };
  g_unix_signal_add(SIGINT, quit, loop);
  g_unix_signal_add(SIGTERM, quit, loop);
  const auto read_again = [](gpointer data) -> gboolean {
    const auto& [configuration, events] = *static_cast<Reloaded*>(data);
    events.reopen();
    configuration.reload_soon();
    return G_SOURCE_CONTINUE;
  };
  Reloaded reloaded{configuration, events};
  g_unix_signal_add(SIGHUP, read_again, &reloaded);
  sluice::control::Control control([&configuration, &file] {
    const auto outcome = configuration.reload();
    return sluice::control::Answer{outcome.has_value(), sluice::store::report(file, outcome)};
  });
  if (auto opened = control.open(file); !opened)
    log.warning("sluiced --reload will not find this server: {}", opened.error().message());
  sluice::http::Front front(configuration, streams, events, {{}, 0, &events});
  taker.set_front(front);
  if (auto started = front.start(); !started) {
    log.error("{}", started.error().message());
    events.emit(sluice::event::listener_failure(started.error().message()));
    return kFailed;
  }
  events.emit(sluice::event::server_started(SLUICE_VERSION));
  for (size_t i = 0; i < config.listeners.size(); ++i)
    events.emit(sluice::event::listener_start(config.listeners[i], front.ports()[i]));
  streams.start(config.streams, config.templates);
  say_where(config, front);
  sluice::stream::Timer log_ticker(kSecondMs, [&log] { log.tick(); });

  first.reset();  // it may be large, and another one may follow
  control.start();
  g_main_loop_run(loop);

  log.info("stopping");
  configuration.stop();
  control.stop();
  bool stopped = false;
  streams.stop([&] {
    stopped = true;
    g_main_loop_quit(loop);
  });
  sluice::stream::Timer deadline(
      kStopDeadlineMs, [loop] { g_main_loop_quit(loop); }, true);
  if (!stopped) g_main_loop_run(loop);
  front.stop();
  events.stop();
  g_main_loop_unref(loop);
  if (stopped && streams.all_down()) return 0;
  log.warning("some sources did not come down in time and are left behind");
  _exit(0);  // their threads hang in the network; nothing is left to be saved
}

}  // namespace

int main(int argc, char** argv) {
  // Read by libsoup before its first server.
  setenv("SOUP_SERVER_HTTP2", "1", 1);
  // The clock that fake:// burns in is UTC; nothing here speaks local time.
  setenv("TZ", "UTC", 1);
  std::signal(SIGPIPE, SIG_IGN);
  int status = 0;
  const auto options = read_options(argc, argv, status);
  if (!options) return status;
  if (options->reload) return reload(options->file);
  std::vector<config::SourceFile> sources;
  auto config = load(options->file, sources);
  if (!config) return kFailed;
  if (!options->explain.empty()) return explain(*config, options->explain);
  if (options->check) {
    if (!plannable(*config)) return kFailed;
    std::printf("%s: in order, %zu streams\n", options->file.c_str(), config->streams.size());
    return 0;
  }
  raise_descriptor_limit();
  gst_init(nullptr, nullptr);
  find_plugins();
  return run(std::move(*config), std::move(sources), options->file);
}
