#include "cc/core/levenberg_marquardt.h"

#include "cc/core/isa.h"

namespace gencs {

#define GENCS_DECLARE(T)                                                  \
  void LevenbergMarquardtStep(int64_t begin, int64_t end,                 \
                              const LevenbergMarquardtBuffers<T>& buffers, \
                              double* workspace);
GENCS_DECLARE_FOR_ISAS(GENCS_DECLARE)
#undef GENCS_DECLARE

template <typename T>
void LevenbergMarquardtStep(int64_t begin,
                            int64_t end,
                            const LevenbergMarquardtBuffers<T>& buffers,
                            double* workspace) {
  GENCS_FOR_BEST_ISA(LevenbergMarquardtStep(begin, end, buffers, workspace));
}

template void LevenbergMarquardtStep<float>(int64_t,
                                            int64_t,
                                            const LevenbergMarquardtBuffers<float>&,
                                            double*);
template void LevenbergMarquardtStep<double>(int64_t,
                                             int64_t,
                                             const LevenbergMarquardtBuffers<double>&,
                                             double*);

}  // namespace gencs
