// One L-BFGS step of one lane: the algorithm once, for CPU and CUDA. See lane.h
// for `Math`.
//
// Source: Liu and Nocedal (1989), "On the limited memory BFGS method for large
// scale optimization", with Armijo backtracking instead of a Wolfe search.
#ifndef GENCS_CORE_LBFGS_LANE_H_
#define GENCS_CORE_LBFGS_LANE_H_

#include <cstdint>

#include "cc/core/lane.h"

namespace gencs {

// The most (s, y) pairs a lane can hold.
constexpr int64_t kLbfgsMaxHistory = 1024;

// The state of L lanes, updated in place, and the two inputs and one output of
// a step. k = size, h = history.
template <typename T>
struct LbfgsBuffers {
  int64_t size;
  int64_t history;
  T tolerance;
  T armijo;
  T* z;             // [L, k]    the point
  T* value;         // [L]       objective at z
  T* gradient;      // [L, k]    its gradient
  T* direction;     // [L, k]    where the trial lies
  T* step_size;     // [L]       how far
  T* s_history;     // [L, h, k] steps, a ring
  T* y_history;     // [L, h, k] changes of the gradient, a ring
  int64_t* count;   // [L]     pairs stored so far; the newest min(count, h) are valid
  int64_t* status;  // [L]     a LaneStatus
  const T* trial_value;     // [L]     objective at z + step_size * direction
  const T* trial_gradient;  // [L, k]  its gradient
  T* trial;                 // [L, k]  output: where to evaluate next
};

// d <- -H g by the two-loop recursion over the newest `pairs` pairs.
// `workspace` holds 2 * history numbers.
template <typename T, typename Math>
GENCS_LANE_FUNCTION void LbfgsDirection(const Math& math,
                                        int64_t k,
                                        int64_t history,
                                        int64_t count,
                                        const T* s_history,
                                        const T* y_history,
                                        const T* g,
                                        T* workspace,
                                        T* d) {
  const int64_t pairs = count < history ? count : history;
  T* alpha = workspace;
  T* curvature = workspace + history;
  math.ForEach(k, [&](int64_t i) { d[i] = -g[i]; });
  if (pairs == 0) {
    return;
  }
  const int64_t newest = (count - 1) % history;
  int64_t slot = newest;
  for (int64_t p = 0; p < pairs; ++p) {  // newest first
    const T* s = s_history + slot * k;
    const T* y = y_history + slot * k;
    curvature[p] = math.Sum(k, [&](int64_t i) { return s[i] * y[i]; });
    const T a = math.Sum(k, [&](int64_t i) { return s[i] * d[i]; }) / curvature[p];
    alpha[p] = a;
    math.ForEach(k, [&](int64_t i) { d[i] -= a * y[i]; });
    if (p + 1 < pairs) {
      slot = slot > 0 ? slot - 1 : history - 1;
    }
  }
  const T* y0 = y_history + newest * k;
  const T gamma = curvature[0] / math.Sum(k, [&](int64_t i) { return y0[i] * y0[i]; });
  math.ForEach(k, [&](int64_t i) { d[i] *= gamma; });
  for (int64_t p = pairs - 1; p >= 0; --p) {  // and back
    const T* s = s_history + slot * k;
    const T* y = y_history + slot * k;
    const T b = math.Sum(k, [&](int64_t i) { return y[i] * d[i]; }) / curvature[p];
    const T step = alpha[p] - b;
    math.ForEach(k, [&](int64_t i) { d[i] += step * s[i]; });
    slot = slot + 1 < history ? slot + 1 : 0;
  }
}

// Steps lane number `lane`. `workspace` holds 2 * history numbers.
template <typename T, typename Math>
GENCS_LANE_FUNCTION void LbfgsStepLane(const LbfgsBuffers<T>& b,
                                       int64_t lane,
                                       const Math& math,
                                       T* workspace) {
  const int64_t k = b.size;
  T* z = b.z + lane * k;
  T* g = b.gradient + lane * k;
  T* d = b.direction + lane * k;
  T* s_history = b.s_history + lane * b.history * k;
  T* y_history = b.y_history + lane * b.history * k;
  T* trial = b.trial + lane * k;
  int64_t status = b.status[lane];
  if (status != kLaneRunning) {
    math.ForEach(k, [&](int64_t i) { trial[i] = z[i]; });
    return;
  }
  const T* trial_g = b.trial_gradient + lane * k;
  const T trial_value = b.trial_value[lane];
  T value = b.value[lane];
  T step = b.step_size[lane];
  int64_t count = LaneCount(b.count[lane]);
  math.Sync();

  const T slope = math.Sum(k, [&](int64_t i) { return g[i] * d[i]; });
  // One sum tells whether all entries are finite; it also refuses gradients
  // whose norm overflows, with which no step could be sized.
  const T trial_gg = math.Sum(k, [&](int64_t i) { return trial_g[i] * trial_g[i]; });
  const bool finite = LaneFinite(trial_value) && LaneFinite(trial_gg);

  if (finite && trial_value <= value + b.armijo * step * slope) {
    const T sy =
        math.Sum(k, [&](int64_t i) { return step * d[i] * (trial_g[i] - g[i]); });
    const T ss = math.Sum(k, [&](int64_t i) { return step * d[i] * (step * d[i]); });
    const T yy = math.Sum(
        k, [&](int64_t i) { return (trial_g[i] - g[i]) * (trial_g[i] - g[i]); });
    const bool curved = sy > Math::Epsilon() * Math::Sqrt(ss) * Math::Sqrt(yy);
    if (curved && b.history > 0) {
      T* s = s_history + (count % b.history) * k;
      T* y = y_history + (count % b.history) * k;
      math.ForEach(k, [&](int64_t i) {
        s[i] = step * d[i];
        y[i] = trial_g[i] - g[i];
      });
      ++count;
    }
    math.ForEach(k, [&](int64_t i) {
      z[i] += step * d[i];
      g[i] = trial_g[i];
    });
    value = trial_value;
    LbfgsDirection(math, k, b.history, count, s_history, y_history, g, workspace, d);
    T decrease = -math.Sum(k, [&](int64_t i) { return g[i] * d[i]; });
    if (!(decrease > T(0) && LaneFinite(decrease))) {
      count = 0;
      math.ForEach(k, [&](int64_t i) { d[i] = -g[i]; });
    }
    step = count > 0 ? T(1) : T(1) / LaneMax(T(1), Math::Sqrt(trial_gg));
    const T largest = math.Max(k, [&](int64_t i) { return LaneAbs(g[i]); });
    // decrease / 2 is the Newton decrement: what the quadratic model still
    // promises.
    if ((count > 0 && decrease / 2 <= b.tolerance * LaneAbs(value)) || largest == T(0)) {
      status = kLaneConverged;
    }
  } else {
    T ratio = T(0.1);
    if (finite) {
      ratio = -slope * step / (2 * (trial_value - value - slope * step));
      ratio = ratio > T(0.5) ? T(0.5) : (ratio > T(0.1) ? ratio : T(0.1));
    }
    step *= ratio;
    const T reach = math.Max(k, [&](int64_t i) { return LaneAbs(d[i]); });
    const T extent = math.Max(k, [&](int64_t i) { return LaneAbs(z[i]); });
    if (!(step * reach > 4 * Math::Epsilon() * LaneMax(T(1), extent))) {
      if (count > 0) {
        count = 0;
        const T gg = math.Sum(k, [&](int64_t i) { return g[i] * g[i]; });
        math.ForEach(k, [&](int64_t i) { d[i] = -g[i]; });
        step = T(1) / LaneMax(T(1), Math::Sqrt(gg));
      } else {
        status = kLaneConverged;
      }
    }
  }
  const T move = status == kLaneRunning ? step : T(0);
  math.ForEach(k,
               [&](int64_t i) { trial[i] = move == T(0) ? z[i] : z[i] + move * d[i]; });
  if (math.Leader()) {
    b.value[lane] = value;
    b.step_size[lane] = step;
    b.count[lane] = count;
    b.status[lane] = status;
  }
}

}  // namespace gencs

#endif  // GENCS_CORE_LBFGS_LANE_H_
