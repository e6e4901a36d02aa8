// Media time: 64-bit ticks of the 90 kHz clock, counted from 1970-01-01T00:00:00Z (UTC) when absolute.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace m4f {

struct Ticks {
  static constexpr int64_t kPerSecond = 90000;

  int64_t count = 0;

  constexpr Ticks() = default;
  constexpr explicit Ticks(int64_t ticks) : count(ticks) {}
  static constexpr Ticks from_seconds(int64_t s) { return Ticks(s * kPerSecond); }
  static constexpr Ticks from_ms(int64_t ms) { return Ticks(ms * 90); }
  // Rounds to the nearest tick; exact for any value that came from to_ns().
  static constexpr Ticks from_ns(int64_t ns) {
    const int64_t s = ns / 1'000'000'000, rest = ns % 1'000'000'000;
    return Ticks(s * kPerSecond + (rest * 9 + (rest < 0 ? -50'000 : 50'000)) / 100'000);
  }
  template <typename Rep, typename Period>
  static constexpr Ticks from(std::chrono::duration<Rep, Period> d) {
    return from_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(d).count());
  }

  // Rounds toward the earlier nanosecond, so that from_ns(to_ns(t)) == t.
  constexpr int64_t to_ns() const {
    return count / kPerSecond * 1'000'000'000 + (count % kPerSecond) * 100'000 / 9;
  }
  constexpr int64_t to_ms() const { return count / 90; }      // rounds toward zero
  constexpr int64_t to_seconds() const { return count / kPerSecond; }
  constexpr double seconds() const { return static_cast<double>(count) / kPerSecond; }

  constexpr auto operator<=>(const Ticks&) const = default;
  constexpr Ticks operator+(Ticks o) const { return Ticks(count + o.count); }
  constexpr Ticks operator-(Ticks o) const { return Ticks(count - o.count); }
  constexpr Ticks operator-() const { return Ticks(-count); }
  constexpr Ticks& operator+=(Ticks o) { count += o.count; return *this; }
  constexpr Ticks& operator-=(Ticks o) { count -= o.count; return *this; }
  constexpr Ticks operator*(int64_t k) const { return Ticks(count * k); }
  constexpr Ticks operator/(int64_t k) const { return Ticks(count / k); }
};

}  // namespace m4f
