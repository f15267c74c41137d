// The Adam and momentum steps for one instruction set; see isa.h for the rules that
// hold in this file, and first_order_lane.h for the algorithms.
#include <cstdint>

#include "cc/core/first_order_lane.h"
#include "cc/core/isa.h"
#include "cc/core/lane_serial.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

template <typename T>
void StepLanes(int64_t begin, int64_t end, const AdamBuffers<T>& buffers) {
  const SerialMath<T> math;
  AdamCorrection correction{0, 0.0};
  for (int64_t lane = begin; lane < end; ++lane) {
    AdamStepLane(buffers, lane, math, &correction);
  }
}

template <typename T>
void StepLanes(int64_t begin, int64_t end, const MomentumBuffers<T>& buffers) {
  const SerialMath<T> math;
  for (int64_t lane = begin; lane < end; ++lane) {
    MomentumStepLane(buffers, lane, math);
  }
}

}  // namespace

#define GENCS_DEFINE(T)                                                              \
  void AdamStep(int64_t begin, int64_t end, const AdamBuffers<T>& buffers) {         \
    StepLanes(begin, end, buffers);                                                  \
  }                                                                                  \
  void MomentumStep(int64_t begin, int64_t end, const MomentumBuffers<T>& buffers) { \
    StepLanes(begin, end, buffers);                                                  \
  }
GENCS_DEFINE(float)
GENCS_DEFINE(double)
#undef GENCS_DEFINE

}  // namespace GENCS_ISA
}  // namespace gencs
