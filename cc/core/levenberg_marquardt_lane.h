// One Levenberg-Marquardt step of one lane: the algorithm once, for CPU and CUDA. See
// lane.h for `Math`, here one of doubles: k x k numbers cost little beside the
// Jacobian that they come from.
//
// The objective is a sum of squares with penalties; around z its model is
// value + g.d + d.H.d / 2 with the Gauss-Newton matrix H. A trial is z + d with
// (H + damping I) d = -g.
//
// Source: Madsen, Nielsen and Tingleff (2004), "Methods for non-linear least squares
// problems", 2nd edition, section 3.2, with the damping rule of Nielsen (1999).
#ifndef GENCS_CORE_LEVENBERG_MARQUARDT_LANE_H_
#define GENCS_CORE_LEVENBERG_MARQUARDT_LANE_H_

#include <cstdint>

#include "cc/core/lane.h"

namespace gencs {

// The state of L lanes, updated in place, and the inputs of a step. k = size.
template <typename T>
struct LevenbergMarquardtBuffers {
  int64_t size;
  T tolerance;
  T* z;             // [L, k]     the point
  T* value;         // [L]        objective at z
  T* gradient;      // [L, k]     its gradient
  T* normal;        // [L, k, k]  its Gauss-Newton matrix
  T* damping;       // [L]
  T* growth;        // [L]        of the damping at the next rejection
  T* trial;         // [L, k]     the point to evaluate next
  T* predicted;     // [L]        the decrease that the model promises there
  int64_t* count;   // [L]        accepted points; 0 before the first, the start
  int64_t* status;  // [L]        a LaneStatus
  const T* trial_value;     // [L]        objective at trial
  const T* trial_gradient;  // [L, k]     its gradient
  const T* trial_normal;    // [L, k, k]  its Gauss-Newton matrix
};

// How many doubles one lane needs as workspace.
constexpr int64_t LevenbergMarquardtWorkspace(int64_t size) {
  return size * (size + 2);
}

// The first damping, in units of the largest diagonal entry of H.
constexpr double kLmFirstDamping = 1e-3;
// The share of the promised decrease that a trial must bring.
constexpr double kLmSufficient = 1e-4;
// By then the damping has grown from rounding error to far above any H.
constexpr int kLmMostTries = 64;

// The system of a lane and its workspace: rows of U with U'U = H + damping I, each
// followed by an entry of the right-hand side as it is eliminated; then d.
template <typename T>
struct LmSystem {
  int64_t size;
  const T* gradient;
  const T* normal;
  double* rows;       // [k, k + 1]
  double* direction;  // [k]
};

// d <- -(H + damping I)^-1 g. False if H + damping I has a pivot below damping / 2,
// which no H without negative curvature gives.
template <typename T, typename Math>
GENCS_LANE_FUNCTION bool LmSolve(const Math& math,
                                 const LmSystem<T>& system,
                                 double damping) {
  const int64_t k = system.size;
  for (int64_t j = 0; j < k; ++j) {
    double* row = system.rows + j * (k + 1) + j;
    const T* h = system.normal + j * k + j;
    const int64_t entries = k - j;  // without the right-hand side
    math.ForEach(entries, [&](int64_t i) { row[i] = static_cast<double>(h[i]); });
    if (math.Leader()) {  // the thread of row[0]
      row[0] += damping;
      row[entries] = -static_cast<double>(system.gradient[j]);
    }
    math.Sync();
    for (int64_t p = 0; p < j; ++p) {
      const double* above = system.rows + p * (k + 1) + j;
      const double factor = above[0];
      math.ForEach(entries + 1, [&](int64_t i) { row[i] -= factor * above[i]; });
    }
    math.Sync();
    const double pivot = row[0];
    math.Sync();  // all have read it
    if (!(pivot >= damping / 2 && pivot > 0.0)) {
      return false;
    }
    const double scale = 1.0 / Math::Sqrt(pivot);
    math.ForEach(entries + 1, [&](int64_t i) { row[i] *= scale; });
    math.Sync();
  }
  for (int64_t j = k - 1; j >= 0; --j) {
    const double* row = system.rows + j * (k + 1) + j;
    const double* d = system.direction + j;
    const double sum =
        math.Sum(k - j - 1, [&](int64_t i) { return row[i + 1] * d[i + 1]; });
    if (math.Leader()) {
      system.direction[j] = (row[k - j] - sum) / row[0];
    }
    math.Sync();
  }
  return true;
}

// Solves with this damping, or the first of 10, 100 ... times it that succeeds.
// Returns it, or 0 if none does.
template <typename T, typename Math>
GENCS_LANE_FUNCTION double LmSolveStably(const Math& math,
                                         const LmSystem<T>& system,
                                         double damping) {
  for (int tries = 0; tries < kLmMostTries; ++tries) {
    if (LmSolve(math, system, damping)) {
      return damping;
    }
    damping *= 10;
  }
  math.ForEach(system.size, [&](int64_t i) { system.direction[i] = 0.0; });
  math.Sync();
  return 0.0;
}

// What the model promises at z + d with (H + damping I) d = -g, and how far that is.
struct LmStep {
  double damping;
  double slope;    // g.d
  double decrease;
  double reach;    // largest entry of d
};

template <typename T, typename Math>
GENCS_LANE_FUNCTION LmStep LmPropose(const Math& math,
                                     const LmSystem<T>& system,
                                     double damping) {
  const double* d = system.direction;
  const T* g = system.gradient;
  LmStep step;
  step.damping = LmSolveStably(math, system, damping);
  step.slope =
      math.Sum(system.size, [&](int64_t i) { return static_cast<double>(g[i]) * d[i]; });
  const double dd = math.Sum(system.size, [&](int64_t i) { return d[i] * d[i]; });
  step.decrease = (step.damping * dd - step.slope) / 2;  // H d = -g - damping d
  step.reach = math.Max(system.size, [&](int64_t i) { return LaneAbs(d[i]); });
  return step;
}

// Steps lane number `lane`. `epsilon` is that of T; `workspace` holds
// LevenbergMarquardtWorkspace(k) numbers.
template <typename T, typename Math>
GENCS_LANE_FUNCTION void LevenbergMarquardtStepLane(
    const LevenbergMarquardtBuffers<T>& b,
    int64_t lane,
    const Math& math,
    double epsilon,
    double* workspace) {
  const int64_t k = b.size;
  T* z = b.z + lane * k;
  T* g = b.gradient + lane * k;
  T* h = b.normal + lane * k * k;
  T* trial = b.trial + lane * k;
  int64_t status = b.status[lane];
  if (status != kLaneRunning) {
    math.ForEach(k, [&](int64_t i) { trial[i] = z[i]; });
    return;
  }
  const T* trial_g = b.trial_gradient + lane * k;
  const T* trial_h = b.trial_normal + lane * k * k;
  const T trial_value = b.trial_value[lane];
  const T predicted = b.predicted[lane];
  T value = b.value[lane];
  double damping = static_cast<double>(b.damping[lane]);
  double growth = static_cast<double>(b.growth[lane]);
  int64_t count = LaneCount(b.count[lane]);
  const bool first = count == 0;

  // Zero where all entries are finite, else NaN; and a norm that overflows, with
  // which no step could be sized.
  const double nan = math.Sum(
      k * k, [&](int64_t i) { return static_cast<double>(trial_h[i] - trial_h[i]); });
  const T trial_gg = static_cast<T>(math.Sum(k, [&](int64_t i) {
    return static_cast<double>(trial_g[i]) * static_cast<double>(trial_g[i]);
  }));
  const bool finite =
      LaneFinite(trial_value) && LaneFinite(trial_gg) && LaneFinite(nan);
  math.Sync();
  if (first && !finite) {
    math.ForEach(k, [&](int64_t i) { trial[i] = z[i]; });
    if (math.Leader()) {
      b.status[lane] = kLaneFailed;
    }
    return;
  }

  const double promised = static_cast<double>(predicted);
  const double decrease = static_cast<double>(value) - static_cast<double>(trial_value);
  const bool accepted = finite && (first || decrease >= kLmSufficient * promised);
  if (accepted) {
    math.ForEach(k, [&](int64_t i) {
      z[i] = trial[i];
      g[i] = trial_g[i];
    });
    math.ForEach(k * k, [&](int64_t i) { h[i] = trial_h[i]; });
    math.Sync();
    value = trial_value;
    ++count;
  }
  double scale = math.Max(
      k, [&](int64_t i) { return static_cast<double>(LaneAbs(h[i * k + i])); });
  scale = scale > 0.0 ? scale : 1.0;
  if (first) {
    damping = kLmFirstDamping * scale;
    growth = 2.0;
  } else if (accepted) {
    const double t = 2 * decrease / promised - 1;
    const double factor = 1 - t * t * t;
    damping *= factor > 1.0 / 3.0 ? factor : 1.0 / 3.0;  // NaN gives the latter
    growth = 2.0;
  } else {
    damping *= growth;
    growth *= 2;
  }
  // H itself is not known better than that.
  const double least = epsilon * scale;
  damping = damping > least ? damping : least;

  const LmSystem<T> system{k, g, h, workspace, workspace + k * (k + 1)};
  const double* d = system.direction;
  const double extent =
      math.Max(k, [&](int64_t i) { return static_cast<double>(LaneAbs(z[i])); });
  const double precision = 4 * epsilon * LaneMax(1.0, extent);
  const double enough =
      static_cast<double>(b.tolerance) * LaneAbs(static_cast<double>(value));
  const bool stationary =
      math.Max(k, [&](int64_t i) { return static_cast<double>(LaneAbs(g[i])); }) == 0.0;

  LmStep step = LmPropose(math, system, damping);
  const bool stuck = !(step.reach > precision);
  bool converged = stationary || (!accepted && stuck);
  if (accepted && !converged && step.damping > 0.0 &&
      (step.decrease <= enough || stuck)) {
    // Heavy damping makes every step small: only the lightest one tells.
    const LmStep light = LmPropose(math, system, least);
    converged = -light.slope / 2 <= enough || !(light.reach > precision);
    // A step that stays where it is gives way to the light one.
    step = stuck ? light : LmPropose(math, system, step.damping);
  }
  if (!(step.damping > 0.0)) {
    status = kLaneFailed;
  } else if (converged) {
    status = kLaneConverged;
  }
  const bool moves = status == kLaneRunning;
  math.ForEach(k, [&](int64_t i) {
    trial[i] = moves ? static_cast<T>(static_cast<double>(z[i]) + d[i]) : z[i];
  });
  if (math.Leader()) {
    b.value[lane] = value;
    b.damping[lane] = static_cast<T>(step.damping);
    b.growth[lane] = static_cast<T>(growth);
    b.predicted[lane] = moves ? static_cast<T>(step.decrease) : T(0);
    b.count[lane] = count;
    b.status[lane] = status;
  }
}

}  // namespace gencs

#endif  // GENCS_CORE_LEVENBERG_MARQUARDT_LANE_H_
