#include <algorithm>

#include "cc/core/first_order.h"
#include "tests/cc/fuzz.h"

namespace gencs_fuzz {
namespace {

// What both methods share, each array in memory of its own.
template <typename T>
struct Lanes {
  Tight<T> z, first, second, best_z, best_value;
  Tight<int64_t> count, status;
  Tight<T> value, gradient, rate;

  Lanes(Random& random, int64_t lanes, int64_t size)
      : z(RandomReals<T>(random, lanes * size)),
        first(RandomReals<T>(random, lanes * size)),
        second(RandomReals<T>(random, lanes * size)),
        best_z(RandomReals<T>(random, lanes * size)),
        best_value(RandomReals<T>(random, lanes)),
        count(random, lanes),
        status(random, lanes),
        value(RandomReals<T>(random, lanes)),
        gradient(RandomReals<T>(random, lanes * size)),
        rate(RandomReals<T>(random, lanes)) {
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    const int64_t counts[] = {0, 1, 7, 1000, -5, kMax, kMax - 1};
    for (int64_t lane = 0; lane < lanes; ++lane) {
      count[lane] = counts[random.Below(7)];
      status[lane] = random.OneIn(4) ? random.Below(3) : 0;
      if (random.OneIn(8)) {
        value[lane] = std::numeric_limits<T>::infinity();
      }
      if (random.OneIn(8) && size > 0) {
        gradient[lane * size + random.Below(size)] =
            std::numeric_limits<T>::quiet_NaN();
      }
    }
    for (int64_t i = 0; i < second.size(); ++i) {
      second[i] = std::abs(second[i]) + T(0.01);  // as squares are
    }
  }
};

template <typename T>
void RoundOf(Random& random) {
  const int64_t lanes = random.Below(7);
  const int64_t size = random.Size(0, 200);
  const bool adam = random.OneIn(2);
  const bool nesterov = random.OneIn(2);
  Lanes<T> state(random, lanes, size);
  Tight<T> settings(random, 3);
  settings[0] = T(random.Below(10)) / 10;
  settings[1] = T(random.Below(1000)) / 1000;
  settings[2] = T(1e-6);
  const std::vector<T> z = state.z.Copy(), first = state.first.Copy();
  const std::vector<T> second = state.second.Copy(), best_z = state.best_z.Copy();
  const std::vector<T> best_value = state.best_value.Copy();
  const std::vector<int64_t> count = state.count.Copy(), status = state.status.Copy();
  const T* beta = settings.data();
  const gencs::AdamBuffers<T> adam_buffers{
      size,
      state.z.data(),
      state.first.data(),
      state.second.data(),
      state.best_z.data(),
      state.best_value.data(),
      state.count.data(),
      state.status.data(),
      state.value.data(),
      state.gradient.data(),
      state.rate.data(),
      beta,
      beta + 1,
      beta + 2};
  const gencs::MomentumBuffers<T> momentum_buffers{
      size,
      nesterov,
      state.z.data(),
      state.first.data(),
      state.best_z.data(),
      state.best_value.data(),
      state.count.data(),
      state.status.data(),
      state.value.data(),
      state.gradient.data(),
      state.rate.data(),
      beta};
  InThreads(random, lanes, [&](int64_t begin, int64_t end) {
    if (adam) {
      gencs::AdamStep(begin, end, adam_buffers);
    } else {
      gencs::MomentumStep(begin, end, momentum_buffers);
    }
  });

  const std::string shape = (adam ? "Adam, k " : "momentum, k ") + std::to_string(size);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    bool finite = std::isfinite(state.value[lane]);
    for (int64_t i = 0; i < size; ++i) {
      finite = finite && std::isfinite(state.gradient[lane * size + i]);
    }
    const bool ran = status[lane] == gencs::kLaneRunning;
    const bool moves = ran && finite;
    const bool better = moves && state.value[lane] < best_value[lane];
    Expect(state.status[lane] ==
               (ran && !finite ? int64_t{gencs::kLaneFailed} : status[lane]),
           "status, " + shape);
    const bool sane = count[lane] >= 0 && count[lane] <= int64_t{1} << 62;
    const int64_t counted = moves ? (sane ? count[lane] : 0) + 1 : count[lane];
    Expect(state.count[lane] == counted, "count, " + shape);
    Expect(state.best_value[lane] == (better ? state.value[lane] : best_value[lane]),
           "best value, " + shape);
    const double left_1 = 1 - std::pow(double{beta[0]}, double(counted));
    const double left_2 = 1 - std::pow(double{beta[1]}, double(counted));
    for (int64_t i = 0; i < size; ++i) {
      const int64_t at = lane * size + i;
      const double g = state.gradient[at], rate = state.rate[lane];
      Expect(state.best_z[at] == (better ? z[at] : best_z[at]), "best z, " + shape);
      if (!moves) {
        Expect(state.z[at] == z[at] && state.first[at] == first[at] &&
                   state.second[at] == second[at],
               "a lane that stands moved, " + shape);
        continue;
      }
      double move, expected;
      if (adam) {
        expected = beta[0] * double{first[at]} + (1 - beta[0]) * g;
        const double square = beta[1] * double{second[at]} + (1 - beta[1]) * g * g;
        ExpectClose(state.second[at], square, 8 * Epsilon<T>(), "square, " + shape);
        // What the running means lack in digits, the root may double.
        move = -rate * std::sqrt(left_2) / left_1 * expected /
               (std::sqrt(square) + beta[2]);
      } else {
        expected = beta[0] * double{first[at]} - rate * g;
        move = nesterov ? beta[0] * expected - rate * g : expected;
      }
      ExpectClose(state.first[at], expected, 8 * Epsilon<T>(), "first, " + shape);
      const double root = std::sqrt(std::max(double{state.second[at]}, 1e-12));
      const double loose = adam ? 50 / std::min(root, 1.0) / std::min(left_1, 1.0) : 8;
      ExpectClose(state.z[at], z[at] + move,
                  loose * Epsilon<T>() * (1 + std::abs(move)) + 1e-12 * std::abs(move),
                  "z, " + shape);
    }
  }
}

void Round(Random& random) {
  if (random.OneIn(2)) {
    RoundOf<float>(random);
  } else {
    RoundOf<double>(random);
  }
}

const Fuzzer fuzzer("first_order", &Round);

}  // namespace
}  // namespace gencs_fuzz
