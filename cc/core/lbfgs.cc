#include "cc/core/lbfgs.h"

#include "cc/core/isa.h"

namespace gencs {

#define GENCS_DECLARE(T) \
  void LbfgsStep(int64_t begin, int64_t end, const LbfgsBuffers<T>& buffers);
GENCS_DECLARE_FOR_ISAS(GENCS_DECLARE)
#undef GENCS_DECLARE

template <typename T>
void LbfgsStep(int64_t begin, int64_t end, const LbfgsBuffers<T>& buffers) {
  GENCS_FOR_BEST_ISA(LbfgsStep(begin, end, buffers));
}

template void LbfgsStep<float>(int64_t, int64_t, const LbfgsBuffers<float>&);
template void LbfgsStep<double>(int64_t, int64_t, const LbfgsBuffers<double>&);

}  // namespace gencs
