#include "cc/core/hadamard.h"

#include <cmath>

#include "cc/core/isa.h"

namespace gencs {

#define GENCS_DECLARE(T)                                                              \
  int64_t HadamardParts(HadamardPhase phase, const HadamardCall<T>& call,             \
                        int64_t size);                                                \
  void HadamardRows(int64_t begin, int64_t end, const HadamardCall<T>& call,          \
                    int64_t size, T* workspace);                                      \
  void HadamardRunPhase(HadamardPhase phase, int64_t row, int64_t begin, int64_t end, \
                        const HadamardCall<T>& call, int64_t size, T* workspace);
GENCS_DECLARE_FOR_ISAS(GENCS_DECLARE)
#undef GENCS_DECLARE

namespace {

// REQUIRES: 1 <= n.
int64_t PowerOfTwoAtLeast(int64_t n) {
  int64_t size = 1;
  while (size < n) {
    size *= 2;
  }
  return size;
}

int64_t RoundUp(int64_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

int64_t HadamardSize(int64_t n) {
  const int64_t power = PowerOfTwoAtLeast(n);
  const int64_t twelve = 12 * PowerOfTwoAtLeast((n + 11) / 12);
  return power < twelve ? power : twelve;
}

template <typename T>
int64_t HadamardWorkspaceBytes(int64_t n) {
  const int64_t size = HadamardSize(n);
  const int64_t bytes = size * sizeof(T);
  // One gap a leaf, and one for each of at most 16 blocks.
  const int64_t gaps = (bytes / kHadamardLeafBytes + 16) * kHadamardGapBytes;
  const int64_t signs = size <= kHadamardMaxSharedSigns ? n * sizeof(T) : 0;
  return RoundUp(bytes + gaps) + RoundUp(signs);
}

int64_t HadamardRowCost(HadamardTask task, int64_t n, int64_t m) {
  const double size = static_cast<double>(HadamardSize(n));
  // Measured at about 40 butterfly levels of a float per nanosecond near 3 GHz,
  // and two selected rows.
  const double transform = size * (std::log2(size) + 2.0) / 40.0 + 0.5 * m;
  const int transforms = task == HadamardTask::kResidual ? 2 : 1;
  return static_cast<int64_t>(transforms * transform) + 20;
}

template <typename T>
int64_t HadamardParts(HadamardPhase phase, const HadamardCall<T>& call) {
  GENCS_FOR_BEST_ISA(HadamardParts(phase, call, HadamardSize(call.n)));
}

template <typename T>
void HadamardRows(int64_t begin,
                  int64_t end,
                  const HadamardCall<T>& call,
                  T* workspace) {
  GENCS_FOR_BEST_ISA(HadamardRows(begin, end, call, HadamardSize(call.n), workspace));
}

template <typename T>
void HadamardRunPhase(HadamardPhase phase,
                      int64_t row,
                      int64_t begin,
                      int64_t end,
                      const HadamardCall<T>& call,
                      T* workspace) {
  GENCS_FOR_BEST_ISA(
      HadamardRunPhase(phase, row, begin, end, call, HadamardSize(call.n), workspace));
}

#define GENCS_INSTANTIATE(T)                                                   \
  template int64_t HadamardWorkspaceBytes<T>(int64_t);                         \
  template int64_t HadamardParts<T>(HadamardPhase, const HadamardCall<T>&);    \
  template void HadamardRows<T>(int64_t, int64_t, const HadamardCall<T>&, T*); \
  template void HadamardRunPhase<T>(HadamardPhase, int64_t, int64_t, int64_t,  \
                                    const HadamardCall<T>&, T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace gencs
