// One L-BFGS step for many independent lanes, for CPUs.
#ifndef GENCS_CORE_LBFGS_H_
#define GENCS_CORE_LBFGS_H_

#include <cstdint>

#include "cc/core/lbfgs_lane.h"

namespace gencs {

// Steps the lanes [begin, end) in place. Nothing of a lane depends on another.
// REQUIRES: 0 <= buffers.history <= kLbfgsMaxHistory and counts >= 0.
template <typename T>
void LbfgsStep(int64_t begin, int64_t end, const LbfgsBuffers<T>& buffers);

// About how many nanoseconds one lane takes, for schedulers.
inline int64_t LbfgsLaneCost(int64_t size, int64_t history) {
  return 50 + size * (history + 2) * 2;
}

}  // namespace gencs

#endif  // GENCS_CORE_LBFGS_H_
