#include "orchestrator/stream/stream_setup.h"

#include "orchestrator/config/schemes.h"
#include "orchestrator/stream/gst_ptr.h"

namespace sluice::stream {
namespace {

using std::chrono::seconds;

InputRules input_rules(const config::Stream& config, const plan::InputPlan& plan) {
  const config::Input& input = config.inputs[plan.index];
  InputRules rules;
  rules.priority = input.priority.value_or(static_cast<int>(plan.index) + 1);
  rules.source_timeout = plan.supervision.source_timeout;
  rules.frames_timeout = input.frames_timeout.value_or(config.frames_timeout);
  rules.video_timeout = input.video_timeout.value_or(config.video_timeout);
  rules.audio_timeout = input.audio_timeout.value_or(config.audio_timeout);
  rules.max_retry_timeout = plan.supervision.max_retry_timeout;
  rules.no_clients_delay = input.no_clients_reconnect_delay.value_or(seconds(0));
  const config::SourceKind kind = config::source_kind(input.url);
  rules.publish = kind == config::SourceKind::kPublish;
  // These are there for good as soon as they are there.
  if (rules.publish || kind == config::SourceKind::kFile || kind == config::SourceKind::kFake)
    rules.proof = Millis(0);
  return rules;
}

}  // namespace

m4f::RingSettings ring_settings(const config::Stream& config) {
  m4f::RingSettings settings;
  settings.segment_count = static_cast<size_t>(config.segment_count);
  return settings;
}

InputsSetup inputs_setup(const config::Stream& config, const plan::StreamPlan& plan,
                         const std::optional<plan::InputPlan>& backup) {
  InputsSetup setup;
  setup.plans = plan.inputs;
  for (const plan::InputPlan& input : plan.inputs) {
    setup.rules.inputs.push_back(input_rules(config, input));
    setup.allow_files.push_back(config.inputs[input.index].allow_if);
    setup.deny_files.push_back(config.inputs[input.index].deny_if);
  }
  if (backup) {
    const config::Backup& from = *config.backup;
    setup.backup = backup;
    setup.rules.backup =
        BackupRules{from.timeout.value_or(seconds(0)), from.video_timeout.value_or(seconds(0)),
                    from.audio_timeout.value_or(seconds(0))};
  }
  setup.rules.recheck_interval = config.recheck_secondary_inputs_interval;
  if (!config.is_static) setup.rules.retry_limit = config.retry_limit;
  setup.rules.seed = std::hash<std::string>()(config.name);
  return setup;
}

int64_t utc_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string uuid() {
  Ptr<gchar> text(g_uuid_string_random());
  return text.get();
}

}  // namespace sluice::stream
