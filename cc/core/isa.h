// Which instruction sets the core is compiled for, and which one to run.
//
// Every *_simd.cc file is compiled once per instruction set, each time into its
// own namespace (GENCS_ISA) with its own compiler flags. Those files include no
// header with inline code (nothing of std::): the linker keeps one copy of an
// inline function, and it might keep the one with instructions that the
// processor lacks.
#ifndef GENCS_CORE_ISA_H_
#define GENCS_CORE_ISA_H_

#include <cstdint>

#include "cc/core/blur_downsample.h"
#include "cc/core/lbfgs_lane.h"

namespace gencs {

enum class Isa { kPortable, kAvx2, kAvx512 };

// The best instruction set that was compiled and that this processor has.
// The environment variable GENCS_ISA ("portable", "avx2", "avx512") can only
// lower it.
Isa BestIsa();

// Its name: "portable", "avx2" or "avx512".
const char* IsaName();

#define GENCS_DECLARE_FOR_TYPE(T)                                           \
  void BlurDownsample(int64_t begin, int64_t end, const T* images,          \
                      const T* kernel_y, const T* kernel_x,                 \
                      const BlurDownsamplePlan& plan, void* workspace,      \
                      T* out);                                              \
  void BlurDownsampleAdjoint(int64_t begin, int64_t end, const T* y,        \
                             const T* kernel_y, const T* kernel_x,          \
                             const BlurDownsamplePlan& plan,                \
                             void* workspace, T* images);                   \
  void HadamardMeasure(int64_t begin, int64_t end, const T* x,              \
                       const int8_t* signs, const int32_t* rows, int64_t n, \
                       int64_t m, int64_t size, T* workspace, T* y);        \
  void HadamardAdjoint(int64_t begin, int64_t end, const T* y,              \
                       const int8_t* signs, const int32_t* rows, int64_t n, \
                       int64_t m, int64_t size, T* workspace, T* x);        \
  void LbfgsStep(int64_t begin, int64_t end, const LbfgsBuffers<T>& buffers);

#define GENCS_DECLARE_FOR_ISA(isa) \
  namespace isa {                  \
  GENCS_DECLARE_FOR_TYPE(float)    \
  GENCS_DECLARE_FOR_TYPE(double)   \
  }

GENCS_DECLARE_FOR_ISA(portable)
GENCS_DECLARE_FOR_ISA(avx2)
GENCS_DECLARE_FOR_ISA(avx512)

#undef GENCS_DECLARE_FOR_ISA
#undef GENCS_DECLARE_FOR_TYPE

// Runs `call`, a function declared above, from the best namespace.
#ifdef GENCS_X86_ISAS
#define GENCS_FOR_BEST_ISA(call) \
  switch (BestIsa()) {           \
    case Isa::kAvx512:           \
      return avx512::call;       \
    case Isa::kAvx2:             \
      return avx2::call;         \
    default:                     \
      return portable::call;     \
  }
#else
#define GENCS_FOR_BEST_ISA(call) return portable::call
#endif

}  // namespace gencs

#endif  // GENCS_CORE_ISA_H_
