// What a stream has to do with who publishes into it.
#include <algorithm>
#include <utility>

#include "orchestrator/config/schemes.h"
#include "orchestrator/stream/stream.h"

namespace sluice::stream {

// Null if the configuration has no input that is published. Made when it is asked for first, then kept.
std::shared_ptr<Publication> Stream::publication() const {
  std::lock_guard lock(mutex_);
  const auto& inputs = config_->inputs;
  const bool wanted = std::any_of(inputs.begin(), inputs.end(), [](const config::Input& input) {
    return config::source_kind(input.url) == config::SourceKind::kPublish;
  });
  if (!wanted) return nullptr;
  if (!publication_) {
    const auto weak = std::const_pointer_cast<Stream>(shared_from_this())->weak_from_this();
    publication_ =
        std::make_shared<Publication>(config_->max_bitrate, [weak](bool there, const std::string& who) {
          post_to_main([weak, there, who] {
            if (auto self = weak.lock()) self->publisher_changed(there, who);
          });
        });
  }
  return publication_;
}

std::variant<std::unique_ptr<Publication::Session>, PublishRefusal> Stream::publish(Publisher publisher) {
  using Kind = PublishRefusal::Kind;
  const auto to = publication();
  if (!to) return PublishRefusal{Kind::kForbidden, "this stream has no input publish://"};
  if (shared_config()->disabled) return PublishRefusal{Kind::kForbidden, "this stream is disabled"};
  demanded_ = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::string who = publisher.address;
  auto offered = to->offer(std::move(publisher));
  if (const auto* refusal = std::get_if<PublishRefusal>(&offered)) {
    context_.log.warning("stream {}: {} may not publish: {}", name_, who, refusal->reason);
    emit("publish_forbidden", {{"ip", who}, {"reason", refusal->reason}});
  }
  return offered;
}

void Stream::publisher_changed(bool there, const std::string& who) {
  if (stopping_) return;
  context_.log.info("stream {}: {} {}", name_, who, there ? "publishes" : "publishes no more");
  emit(there ? "publish_started" : "publish_stopped", {{"ip", who}});
  Presence resting = Presence::kResting;
  if (there && !inputs_) {
    presence_.compare_exchange_strong(resting, Presence::kStarting);
    return run();
  }
  tell_publishing();
}

void Stream::tell_publishing() {
  const auto from = publication();
  if (!from || !inputs_) return;
  for (size_t i = 0; i < plan_.inputs.size(); ++i)
    if (inputs_ && plan_.inputs[i].supervision.published) inputs_->publisher(i, from->there());
  allow_publishing();
}

bool Stream::published_now() const {
  const auto from = publication();
  return from && from->there();
}

void Stream::allow_publishing() {
  const auto to = publication();
  if (!to) return;
  bool allowed = !inputs_;
  for (size_t i = 0; inputs_ && i < plan_.inputs.size(); ++i)
    allowed |= plan_.inputs[i].supervision.published && inputs_->may_publish(i);
  allowed ? to->open() : to->close("an input that comes before publish:// is played");
}

}  // namespace sluice::stream
