#include <algorithm>

#include "cc/core/lbfgs.h"
#include "tests/cc/fuzz.h"

namespace gencs_fuzz {
namespace {

using gencs::LbfgsBuffers;

// The inputs and outputs of a step, each in memory of its own.
template <typename T>
struct State {
  Tight<T> z, value, gradient, direction, step_size, s_history, y_history;
  Tight<int64_t> count, status;
  Tight<T> trial_value, trial_gradient, trial;

  State(Random& random, int64_t lanes, int64_t size, int64_t history)
      : z(RandomReals<T>(random, lanes * size)),
        value(RandomReals<T>(random, lanes)),
        gradient(RandomReals<T>(random, lanes * size)),
        direction(RandomReals<T>(random, lanes * size)),
        step_size(RandomReals<T>(random, lanes)),
        s_history(RandomReals<T>(random, lanes * history * size)),
        y_history(random, lanes * history * size),
        count(random, lanes),
        status(random, lanes),
        trial_value(RandomReals<T>(random, lanes)),
        trial_gradient(RandomReals<T>(random, lanes * size)),
        trial(random, lanes * size) {
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    const int64_t counts[] = {0, 1, history, history + 3, -5, kMax, kMax - 1};
    for (int64_t lane = 0; lane < lanes; ++lane) {
      count[lane] = counts[random.Below(random.OneIn(3) ? 7 : 4)];
      status[lane] = random.OneIn(4) ? random.Below(3) : 0;
      if (random.OneIn(8)) {
        trial_value[lane] = std::numeric_limits<T>::quiet_NaN();
      }
    }
    for (int64_t i = 0; i < y_history.size(); ++i) {
      // Curvature between 1 and 3, so that the recursion is well conditioned.
      y_history[i] = s_history[i] * T(1 + (i % size) % 3);
    }
  }

  LbfgsBuffers<T> Buffers(int64_t size, int64_t history) {
    return {size,
            history,
            T(0),
            T(1e-4),
            z.data(),
            value.data(),
            gradient.data(),
            direction.data(),
            step_size.data(),
            s_history.data(),
            y_history.data(),
            count.data(),
            status.data(),
            trial_value.data(),
            trial_gradient.data(),
            trial.data()};
  }
};

// -H g by the two loops, in double.
template <typename T>
std::vector<double> Direction(State<T>& state,
                              int64_t lane,
                              int64_t size,
                              int64_t history) {
  const int64_t pairs = std::min(state.count[lane], history);
  const auto pair = [&](Tight<T>& ring, int64_t age) {
    const int64_t slot = (state.count[lane] - 1 - age) % history;
    return ring.data() + (lane * history + slot) * size;
  };
  std::vector<double> d(size), alpha(pairs);
  const auto dot = [&](const auto* a, const auto* b) {
    double sum = 0.0;
    for (int64_t i = 0; i < size; ++i) {
      sum += static_cast<double>(a[i]) * b[i];
    }
    return sum;
  };
  for (int64_t i = 0; i < size; ++i) {
    d[i] = -static_cast<double>(state.gradient[lane * size + i]);
  }
  for (int64_t p = 0; p < pairs; ++p) {
    const T* s = pair(state.s_history, p);
    const T* y = pair(state.y_history, p);
    alpha[p] = dot(s, d.data()) / dot(s, y);
    for (int64_t i = 0; i < size; ++i) {
      d[i] -= alpha[p] * y[i];
    }
  }
  if (pairs > 0) {
    const T* s = pair(state.s_history, 0);
    const T* y = pair(state.y_history, 0);
    const double gamma = dot(s, y) / dot(y, y);
    for (double& entry : d) {
      entry *= gamma;
    }
  }
  for (int64_t p = pairs - 1; p >= 0; --p) {
    const T* s = pair(state.s_history, p);
    const T* y = pair(state.y_history, p);
    const double beta = dot(y, d.data()) / dot(s, y);
    for (int64_t i = 0; i < size; ++i) {
      d[i] += (alpha[p] - beta) * s[i];
    }
  }
  return d;
}

template <typename T>
void RoundOf(Random& random) {
  const int64_t lanes = random.Below(7);
  const int64_t size = random.Size(0, 200);
  const int64_t history =
      random.OneIn(20) ? gencs::kLbfgsMaxHistory / 64 : random.Below(6);
  State<T> state(random, lanes, size, history);
  const std::vector<T> z = state.z.Copy(), value = state.value.Copy();
  const std::vector<int64_t> count = state.count.Copy();
  const std::vector<int64_t> status = state.status.Copy();
  const LbfgsBuffers<T> buffers = state.Buffers(size, history);
  InThreads(random, lanes,
            [&](int64_t begin, int64_t end) { gencs::LbfgsStep(begin, end, buffers); });

  const std::string shape =
      "k " + std::to_string(size) + ", h " + std::to_string(history);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const bool ran = status[lane] == gencs::kLaneRunning;
    const bool accepted = ran && state.value[lane] != value[lane];
    Expect(!accepted || state.value[lane] == state.trial_value[lane],
           "a value from nowhere, " + shape);
    // Only where the recursion met no pair that the fuzzer did not condition.
    const bool conditioned =
        accepted && state.count[lane] == count[lane] && count[lane] > 0;
    std::vector<double> exact;
    if (conditioned && history > 0) {
      exact = Direction(state, lane, size, history);
    }
    double norm = 0.0;
    for (const double entry : exact) {
      norm = std::max(norm, std::abs(entry));
    }
    for (int64_t i = 0; i < size; ++i) {
      const int64_t at = lane * size + i;
      Expect(accepted || state.z[at] == z[at], "a rejected z moved, " + shape);
      const bool moves = state.status[lane] == gencs::kLaneRunning;
      const double step = moves ? static_cast<double>(state.step_size[lane]) : 0.0;
      ExpectClose(state.trial[at], state.z[at] + step * state.direction[at],
                  4 * Epsilon<T>() * (2.0 + std::abs(step * state.direction[at])),
                  "trial, " + shape);
      if (!exact.empty()) {
        ExpectClose(state.direction[at], exact[i], 2e4 * Epsilon<T>() * (norm + 1.0),
                    "direction, " + shape);
      }
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

const Fuzzer fuzzer("lbfgs", &Round);

}  // namespace
}  // namespace gencs_fuzz
