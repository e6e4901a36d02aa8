#include "orchestrator/auth/api_auth.h"

#include <array>

namespace sluice::auth {
namespace {

constexpr size_t kMaxEncoded = 1024;

int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

// RFC 4648, both alphabets, padding optional.
std::optional<std::string> base64(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() > kMaxEncoded || text.size() % 4 == 1) return std::nullopt;
  std::string out;
  unsigned bits = 0, held = 0;
  for (const char c : text) {
    const int value = digit(c);
    if (value < 0) return std::nullopt;
    held = held << 6 | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(held >> bits & 0xff));
    }
  }
  return out;
}

// The time taken depends on the length of what the client sent, not on how much of it is right.
bool same(std::string_view given, std::string_view wanted) {
  unsigned difference = given.size() != wanted.size();
  for (size_t i = 0; i < given.size(); ++i)
    difference |= static_cast<unsigned char>(given[i]) ^
                  static_cast<unsigned char>(wanted.empty() ? 0xff : wanted[i % wanted.size()]);
  return difference == 0;
}

bool is(const std::optional<config::Credentials>& who, std::string_view given) {
  return who && same(given, who->user + ":" + who->password);
}

}  // namespace

Verdict ApiAuth::check(std::string_view authorization, bool write) const {
  if (!edit_ && !view_) return Verdict::kAllowed;
  if (authorization.empty()) return Verdict::kUnknown;
  const size_t space = authorization.find(' ');
  if (space == std::string_view::npos) return Verdict::kForbidden;
  std::string scheme(authorization.substr(0, space));
  for (char& c : scheme)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (scheme != "basic" && scheme != "bearer") return Verdict::kForbidden;
  std::string_view encoded = authorization.substr(space + 1);
  while (!encoded.empty() && encoded.front() == ' ') encoded.remove_prefix(1);
  const auto given = base64(encoded);
  if (!given) return Verdict::kForbidden;
  // Both are compared whatever the first says.
  const bool editor = is(edit_, *given), viewer = is(view_, *given);
  // Without an edit_auth the one user there is may do everything that there is to do.
  return editor || (viewer && (!write || !edit_)) ? Verdict::kAllowed : Verdict::kForbidden;
}

}  // namespace sluice::auth
