// One Adam or momentum step for many independent lanes, for CPUs.
#ifndef GENCS_CORE_FIRST_ORDER_H_
#define GENCS_CORE_FIRST_ORDER_H_

#include <cstdint>

#include "cc/core/first_order_lane.h"

namespace gencs {

// Steps the lanes [begin, end) in place. Nothing of a lane depends on another.
template <typename T>
void AdamStep(int64_t begin, int64_t end, const AdamBuffers<T>& buffers);
template <typename T>
void MomentumStep(int64_t begin, int64_t end, const MomentumBuffers<T>& buffers);

// About how many nanoseconds one lane takes, for schedulers.
inline int64_t FirstOrderLaneCost(int64_t size) { return 10 + 2 * size; }

}  // namespace gencs

#endif  // GENCS_CORE_FIRST_ORDER_H_
