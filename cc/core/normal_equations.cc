#include "cc/core/normal_equations.h"

#include "cc/core/isa.h"

namespace gencs {

#define GENCS_DECLARE(T)                               \
  void NormalEquations(int64_t begin, int64_t end, \
                       const NormalEquationsCall<T>& call);
GENCS_DECLARE_FOR_ISAS(GENCS_DECLARE)
#undef GENCS_DECLARE

template <typename T>
void NormalEquations(int64_t begin, int64_t end, const NormalEquationsCall<T>& call) {
  GENCS_FOR_BEST_ISA(NormalEquations(begin, end, call));
}

template void NormalEquations<float>(int64_t,
                                     int64_t,
                                     const NormalEquationsCall<float>&);
template void NormalEquations<double>(int64_t,
                                      int64_t,
                                      const NormalEquationsCall<double>&);

}  // namespace gencs
