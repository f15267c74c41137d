#include "cc/core/first_order.h"

#include "cc/core/isa.h"

namespace gencs {

#define GENCS_DECLARE(T)                                                  \
  void AdamStep(int64_t begin, int64_t end, const AdamBuffers<T>& buffers); \
  void MomentumStep(int64_t begin, int64_t end, const MomentumBuffers<T>& buffers);
GENCS_DECLARE_FOR_ISAS(GENCS_DECLARE)
#undef GENCS_DECLARE

template <typename T>
void AdamStep(int64_t begin, int64_t end, const AdamBuffers<T>& buffers) {
  GENCS_FOR_BEST_ISA(AdamStep(begin, end, buffers));
}

template <typename T>
void MomentumStep(int64_t begin, int64_t end, const MomentumBuffers<T>& buffers) {
  GENCS_FOR_BEST_ISA(MomentumStep(begin, end, buffers));
}

template void AdamStep<float>(int64_t, int64_t, const AdamBuffers<float>&);
template void AdamStep<double>(int64_t, int64_t, const AdamBuffers<double>&);
template void MomentumStep<float>(int64_t, int64_t, const MomentumBuffers<float>&);
template void MomentumStep<double>(int64_t, int64_t, const MomentumBuffers<double>&);

}  // namespace gencs
