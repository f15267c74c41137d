// One Levenberg-Marquardt step for many independent lanes, for CPUs.
#ifndef GENCS_CORE_LEVENBERG_MARQUARDT_H_
#define GENCS_CORE_LEVENBERG_MARQUARDT_H_

#include <cstdint>

#include "cc/core/levenberg_marquardt_lane.h"

namespace gencs {

// Steps the lanes [begin, end) in place. Nothing of a lane depends on another.
// `workspace` holds LevenbergMarquardtWorkspace(buffers.size) numbers.
template <typename T>
void LevenbergMarquardtStep(int64_t begin,
                            int64_t end,
                            const LevenbergMarquardtBuffers<T>& buffers,
                            double* workspace);

// About how many nanoseconds one lane takes, for schedulers.
inline int64_t LevenbergMarquardtLaneCost(int64_t size) {
  const double k = static_cast<double>(size);
  const double cost = 100 + 3 * k * k + 0.1 * k * k * k;
  return cost < 1e15 ? static_cast<int64_t>(cost) : int64_t{1'000'000'000'000'000};
}

}  // namespace gencs

#endif  // GENCS_CORE_LEVENBERG_MARQUARDT_H_
