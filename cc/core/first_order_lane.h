// One Adam or momentum step of one lane: the algorithm once, for CPU and CUDA. See
// lane.h for `Math`.
//
// Sources: Kingma and Ba (2015), "Adam: a method for stochastic optimization";
// Sutskever et al. (2013), "On the importance of initialization and momentum in
// deep learning", as Keras writes both.
#ifndef GENCS_CORE_FIRST_ORDER_LANE_H_
#define GENCS_CORE_FIRST_ORDER_LANE_H_

#include <cstdint>

#include "cc/core/lane.h"

namespace gencs {

// The state of L lanes, updated in place, and the inputs of a step. k = size.
// Settings are read through pointers because on a GPU they live there too.
template <typename T>
struct AdamBuffers {
  int64_t size;
  T* z;               // [L, k]  the point to evaluate next
  T* mean;            // [L, k]  running mean of the gradient
  T* square;          // [L, k]  running mean of its square
  T* best_z;          // [L, k]  the best point so far
  T* best_value;      // [L]     objective there
  int64_t* count;     // [L]     moves so far
  int64_t* status;    // [L]     a LaneStatus
  const T* value;     // [L]     objective at z
  const T* gradient;  // [L, k]  its gradient
  const T* rate;      // [L]     learning rates
  const T* beta_1;    // []
  const T* beta_2;    // []
  const T* epsilon;   // []
};

template <typename T>
struct MomentumBuffers {
  int64_t size;
  bool nesterov;
  T* z;               // [L, k]  the point to evaluate next
  T* velocity;        // [L, k]
  T* best_z;          // [L, k]  the best point so far
  T* best_value;      // [L]     objective there
  int64_t* count;     // [L]     moves so far
  int64_t* status;    // [L]     a LaneStatus
  const T* value;     // [L]     objective at z
  const T* gradient;  // [L, k]  its gradient
  const T* rate;      // [L]     learning rates
  const T* momentum;  // []
};

// Judges the point z of a lane and keeps it if it is the best. Returns how many
// moves the lane has made with the one to come, or 0 if it does not move.
template <typename Buffers, typename Math>
GENCS_LANE_FUNCTION int64_t FirstOrderJudge(const Buffers& b,
                                            int64_t lane,
                                            const Math& math) {
  const int64_t k = b.size;
  if (b.status[lane] != kLaneRunning) {
    return 0;
  }
  const auto* z = b.z + lane * k;
  const auto* g = b.gradient + lane * k;
  auto* best_z = b.best_z + lane * k;
  const auto value = b.value[lane];
  // One sum tells whether all entries are finite; it also refuses gradients whose
  // norm overflows, with which Adam's squares would.
  const auto gg = math.Sum(k, [&](int64_t i) { return g[i] * g[i]; });
  const bool finite = LaneFinite(value) && LaneFinite(gg);
  const bool better = finite && value < b.best_value[lane];
  const int64_t count = LaneCount(b.count[lane]) + 1;
  math.Sync();
  if (better) {
    math.ForEach(k, [&](int64_t i) { best_z[i] = z[i]; });
  }
  if (math.Leader()) {
    if (!finite) {
      b.status[lane] = kLaneFailed;
    } else {
      b.count[lane] = count;
    }
    if (better) {
      b.best_value[lane] = value;
    }
  }
  return finite ? count : 0;
}

// Adam's correction for running means that began at zero. Lanes mostly move
// together, so the one computed last is mostly the one that is needed.
struct AdamCorrection {
  int64_t count;  // 0 before the first
  double factor;
};

template <typename T, typename Math>
GENCS_LANE_FUNCTION void AdamStepLane(const AdamBuffers<T>& b,
                                      int64_t lane,
                                      const Math& math,
                                      AdamCorrection* correction) {
  const int64_t count = FirstOrderJudge(b, lane, math);
  if (count == 0) {
    return;
  }
  const T beta_1 = *b.beta_1;
  const T beta_2 = *b.beta_2;
  const T epsilon = *b.epsilon;
  if (correction->count != count) {
    const double steps = static_cast<double>(count);
    const double left_1 = Math::OneLessPower(static_cast<double>(beta_1), steps);
    const double left_2 = Math::OneLessPower(static_cast<double>(beta_2), steps);
    correction->factor = Math::Sqrt(static_cast<T>(left_2)) / left_1;
    correction->count = count;
  }
  const T rate = static_cast<T>(b.rate[lane] * correction->factor);
  const int64_t k = b.size;
  T* z = b.z + lane * k;
  T* mean = b.mean + lane * k;
  T* square = b.square + lane * k;
  const T* g = b.gradient + lane * k;
  math.ForEach(k, [&](int64_t i) {
    const T m = g[i] + beta_1 * (mean[i] - g[i]);
    const T gg = g[i] * g[i];
    const T s = gg + beta_2 * (square[i] - gg);
    mean[i] = m;
    square[i] = s;
    z[i] -= rate * m / (Math::Sqrt(s) + epsilon);
  });
}

template <typename T, typename Math>
GENCS_LANE_FUNCTION void MomentumStepLane(const MomentumBuffers<T>& b,
                                          int64_t lane,
                                          const Math& math) {
  if (FirstOrderJudge(b, lane, math) == 0) {
    return;
  }
  const T momentum = *b.momentum;
  const T rate = b.rate[lane];
  const int64_t k = b.size;
  T* z = b.z + lane * k;
  T* velocity = b.velocity + lane * k;
  const T* g = b.gradient + lane * k;
  // Nesterov's move is that of the next step with its gradient still missing.
  const T ahead = b.nesterov ? momentum : T(1);
  const T now = b.nesterov ? rate : T(0);
  math.ForEach(k, [&](int64_t i) {
    const T v = momentum * velocity[i] - rate * g[i];
    velocity[i] = v;
    z[i] += ahead * v - now * g[i];
  });
}

}  // namespace gencs

#endif  // GENCS_CORE_FIRST_ORDER_LANE_H_
