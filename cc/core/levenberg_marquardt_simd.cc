// The Levenberg-Marquardt step for one instruction set; see isa.h for the rules that
// hold in this file, and levenberg_marquardt_lane.h for the algorithm.
#include <cstdint>

#include "cc/core/isa.h"
#include "cc/core/lane_serial.h"
#include "cc/core/levenberg_marquardt_lane.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

template <typename T>
void StepLanes(int64_t begin,
               int64_t end,
               const LevenbergMarquardtBuffers<T>& buffers,
               double* workspace) {
  const SerialMath<double> math;
  const double epsilon = SerialMath<T>::Epsilon();
  for (int64_t lane = begin; lane < end; ++lane) {
    LevenbergMarquardtStepLane(buffers, lane, math, epsilon, workspace);
  }
}

}  // namespace

#define GENCS_DEFINE(T)                                                    \
  void LevenbergMarquardtStep(int64_t begin, int64_t end,                  \
                              const LevenbergMarquardtBuffers<T>& buffers, \
                              double* workspace) {                         \
    StepLanes(begin, end, buffers, workspace);                             \
  }
GENCS_DEFINE(float)
GENCS_DEFINE(double)
#undef GENCS_DEFINE

}  // namespace GENCS_ISA
}  // namespace gencs
