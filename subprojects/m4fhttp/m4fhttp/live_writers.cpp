#include "m4fhttp/live_writers.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace m4fhttp {
namespace {

constexpr size_t kReadBytes = 64 * 1024;  // referenced per client at most, beyond what one chunk makes it
constexpr size_t kPieces = 64;
constexpr uint64_t kReportBytes = 64 * 1024;
// What lies unsent in the kernel: enough for any bandwidth-delay product of a live stream, little enough that
// a slow client is noticed while the newest key frame is still near.
constexpr int kUnsentLimit = 256 * 1024;
// Frames of several tracks come in bursts: one write carries what came within this time.
constexpr std::chrono::milliseconds kRound{1};

}  // namespace

class LiveWriters::Thread {
 public:
  Thread(LiveWriters& writers) : writers(writers) {}
  ~Thread() { join(); }

  void start() {
    thread_ = std::thread([this] { loop.run(); });
  }
  void join() {
    if (!thread_.joinable()) return;
    loop.stop();
    thread_.join();
  }
  void add(std::unique_ptr<Client> client);
  void remove(Client& client);

  LiveWriters& writers;
  EventLoop loop;

 private:
  struct Feed {
    std::shared_ptr<LiveFeed> feed;
    std::unordered_set<Client*> clients;
    std::shared_ptr<std::atomic<bool>> rung;
    EventLoop::Clock::time_point last_round;
    std::shared_ptr<void> subscription;  // last: ends first
  };
  void ring(LiveFeed* feed);
  void round(LiveFeed* feed);
  void sweep();

  std::unordered_map<LiveFeed*, Feed> feeds_;
  std::unordered_map<Client*, std::unique_ptr<Client>> clients_;
  bool sweeping_ = false;
  std::thread thread_;
};

class LiveWriters::Client final : public EventLoop::Watcher {
 public:
  Client(Thread& thread, Connection::Parts parts, std::string head, LiveRequest request)
      : thread_(thread), parts_(std::move(parts)), head_(std::move(head)), request_(std::move(request)) {
    ++thread_.writers.clients_;
  }
  ~Client() override {
    report(0);
    --thread_.writers.clients_;
  }

  LiveFeed* feed() const { return request_.feed.get(); }
  const std::shared_ptr<LiveFeed>& shared_feed() const { return request_.feed; }

  bool start() {
    const int fd = parts_.transport->fd();
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentLimit, sizeof kUnsentLimit);
    progress_ = thread_.loop.now();
    return thread_.loop.watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP, this);
  }

  void on_events(uint32_t events) override {
    if (gone_) return;
    if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) return leave();
    if (events & EPOLLOUT) {
      blocked_ = false;
      pump();
    }
  }

  // Writes what the feed has and the socket takes.
  void pump() {
    while (!gone_ && !blocked_) {
      if (head_sent_ == head_.size() && next_ == chunks_.size() && !read()) return;
      write();
    }
  }

  bool stalled(EventLoop::Clock::time_point now) const {
    return blocked_ && now - progress_ > thread_.writers.stall_timeout_;
  }
  void report(uint64_t at_least) {
    if (unreported_ == 0 || unreported_ < at_least) return;
    if (request_.session) request_.session->sent(unreported_);
    unreported_ = 0;
  }
  void leave() {
    if (std::exchange(gone_, true)) return;
    thread_.loop.unwatch(parts_.transport->fd());
    thread_.remove(*this);
  }

 private:
  bool read() {
    chunks_.clear();
    next_ = sent_ = 0;
    const bool ended = request_.feed->ended();  // before the last look for chunks
    const LiveFeed::Cursor before = cursor_;
    const bool ready = request_.feed->read(cursor_, kReadBytes, chunks_);
    if (before.started && cursor_.segment > before.segment + 1) ++thread_.writers.skips_;
    if (!ready && ended) leave();
    return ready && !chunks_.empty();
  }

  void write() {
    std::array<iovec, kPieces> pieces;
    size_t count = 0;
    if (head_sent_ < head_.size()) pieces[count++] = {head_.data() + head_sent_, head_.size() - head_sent_};
    for (size_t i = next_; i < chunks_.size() && count < kPieces; ++i) {
      const size_t skip = i == next_ ? sent_ : 0;
      pieces[count++] = {const_cast<uint8_t*>(chunks_[i]->data()) + skip, chunks_[i]->size() - skip};
    }
    const IoResult result = parts_.transport->write({pieces.data(), count});
    if (result.state == IoState::kClosed) return leave();
    if (result.bytes > 0) progress_ = thread_.loop.now();
    size_t left = result.bytes;
    const size_t of_head = std::min(left, head_.size() - head_sent_);
    head_sent_ += of_head;
    left -= of_head;
    unreported_ += left;
    while (next_ < chunks_.size()) {
      const size_t of_chunk = std::min(left, chunks_[next_]->size() - sent_);
      sent_ += of_chunk;
      left -= of_chunk;
      if (sent_ < chunks_[next_]->size()) break;
      chunks_[next_].reset();  // what is sent need not stay in memory for this client
      ++next_;
      sent_ = 0;
    }
    if (result.state == IoState::kBlocked) blocked_ = true;
    report(kReportBytes);
  }

  Thread& thread_;
  Connection::Parts parts_;
  std::string head_;
  LiveRequest request_;
  LiveFeed::Cursor cursor_;
  std::vector<m4f::SharedBytes> chunks_;  // being written
  size_t head_sent_ = 0, next_ = 0, sent_ = 0;
  uint64_t unreported_ = 0;
  bool blocked_ = false, gone_ = false;
  EventLoop::Clock::time_point progress_;
};

void LiveWriters::Thread::add(std::unique_ptr<Client> client) {
  Client& added = *client;
  Feed& feed = feeds_[added.feed()];
  if (!feed.feed) {
    feed.feed = added.shared_feed();
    feed.rung = std::make_shared<std::atomic<bool>>(false);
    LiveFeed* key = added.feed();
    feed.subscription = feed.feed->subscribe([this, key, rung = feed.rung] {
      if (!rung->exchange(true)) loop.post([this, key] { ring(key); });
    });
  }
  feed.clients.insert(&added);
  clients_.emplace(&added, std::move(client));
  if (!sweeping_) {
    sweeping_ = true;
    sweep();
  }
  if (!added.start()) return added.leave();
  added.pump();
}

void LiveWriters::Thread::remove(Client& client) {
  const auto feed = feeds_.find(client.feed());
  feed->second.clients.erase(&client);
  if (feed->second.clients.empty()) feeds_.erase(feed);
  const auto owner = clients_.find(&client);
  loop.retire(std::move(owner->second));
  clients_.erase(owner);
}

void LiveWriters::Thread::ring(LiveFeed* key) {
  const auto feed = feeds_.find(key);
  if (feed == feeds_.end()) return;
  const auto next = feed->second.last_round + kRound;
  if (next <= loop.now())
    round(key);
  else
    loop.at(next, [this, key] { round(key); });
}

void LiveWriters::Thread::round(LiveFeed* key) {
  const auto found = feeds_.find(key);
  if (found == feeds_.end()) return;
  found->second.rung->store(false);
  found->second.last_round = loop.now();
  const std::vector<Client*> clients(found->second.clients.begin(), found->second.clients.end());
  for (Client* client : clients) client->pump();  // one that leaves is destroyed after the round
}

void LiveWriters::Thread::sweep() {
  std::vector<Client*> stalled;
  for (const auto& [client, owner] : clients_) {
    client->report(1);
    if (client->stalled(loop.now())) stalled.push_back(client);
  }
  for (Client* client : stalled) client->leave();
  loop.at(loop.now() + std::chrono::seconds(1), [this] { sweep(); });
}

LiveWriters::LiveWriters(unsigned threads, std::chrono::milliseconds stall_timeout)
    : stall_timeout_(stall_timeout) {
  for (unsigned i = 0; i < threads; ++i) threads_.push_back(std::make_unique<Thread>(*this));
}

LiveWriters::~LiveWriters() {
  stop();
}

m4f::Result<void> LiveWriters::start() {
  for (auto& thread : threads_)
    if (auto opened = thread->loop.open(); !opened) return opened;
  for (auto& thread : threads_) thread->start();
  return {};
}

void LiveWriters::stop() {
  for (auto& thread : threads_) thread->join();
  threads_.clear();
}

void LiveWriters::adopt(Connection::Parts parts, std::string head, LiveRequest request) {
  Thread& thread = *threads_[next_++ % threads_.size()];
  auto client = std::make_shared<std::unique_ptr<Client>>(
      std::make_unique<Client>(thread, std::move(parts), std::move(head), std::move(request)));
  thread.loop.post([&thread, client] { thread.add(std::move(*client)); });
}

}  // namespace m4fhttp
