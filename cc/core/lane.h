// What the steps of latent solvers share: lanes, and the loops over one.
//
// A lane is one search over k latent numbers; no lane reads another one. A step of
// one lane is written once, for CPU and CUDA, over a `Math` that says how loops run
// (serial SIMD on a CPU, one warp on a GPU) and must give
//   T Sum(int64_t k, f)         sum of f(i), the same bits in every thread
//   T Max(int64_t k, f)         maximum of f(i) >= 0, likewise
//   void ForEach(int64_t k, f)  f(i) for every i
//   void Sync()                 makes what all threads read precede what follows
//   bool Leader()               whether this thread writes the scalars
//   static T Sqrt(T), static T Epsilon()
//   static double OneLessPower(base, n)  1 - base^n, also where base is near 1
// Index i always belongs to the same thread, so vectors need no Sync.
#ifndef GENCS_CORE_LANE_H_
#define GENCS_CORE_LANE_H_

#include <cstdint>

// Forced inline: see isa.h about inline functions.
#ifdef __CUDACC__
#define GENCS_LANE_FUNCTION __device__ __forceinline__
#else
#define GENCS_LANE_FUNCTION inline __attribute__((always_inline))
#endif

namespace gencs {

enum LaneStatus : int64_t { kLaneRunning = 0, kLaneConverged = 1, kLaneFailed = 2 };

template <typename T>
GENCS_LANE_FUNCTION bool LaneFinite(T x) {
  return x - x == T(0);
}

template <typename T>
GENCS_LANE_FUNCTION T LaneMax(T a, T b) {
  return a > b ? a : b;
}

template <typename T>
GENCS_LANE_FUNCTION T LaneAbs(T x) {
  return x < T(0) ? -x : x;
}

// A count of steps as it may safely be raised or index a ring, whatever comes in.
GENCS_LANE_FUNCTION int64_t LaneCount(int64_t count) {
  return count < 0 || count > int64_t{1} << 62 ? 0 : count;
}

}  // namespace gencs

#endif  // GENCS_CORE_LANE_H_
