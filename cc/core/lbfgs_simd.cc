// The L-BFGS step for one instruction set; see isa.h for the rules that hold in
// this file, and lbfgs_lane.h for the algorithm.
#include <cstdint>

#include "cc/core/isa.h"
#include "cc/core/lane_serial.h"
#include "cc/core/lbfgs_lane.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

template <typename T>
void StepLanes(int64_t begin, int64_t end, const LbfgsBuffers<T>& buffers) {
  T workspace[2 * kLbfgsMaxHistory];
  const SerialMath<T> math;
  for (int64_t lane = begin; lane < end; ++lane) {
    LbfgsStepLane(buffers, lane, math, workspace);
  }
}

}  // namespace

void LbfgsStep(int64_t begin, int64_t end, const LbfgsBuffers<float>& buffers) {
  StepLanes(begin, end, buffers);
}
void LbfgsStep(int64_t begin, int64_t end, const LbfgsBuffers<double>& buffers) {
  StepLanes(begin, end, buffers);
}

}  // namespace GENCS_ISA
}  // namespace gencs
