// Which instruction sets the core is compiled for, and which one to run.
//
// Every *_simd.cc file is compiled once per instruction set, each time into its
// own namespace (GENCS_ISA) with its own compiler flags. Those files include no
// header with inline code (nothing of std::): the linker keeps one copy of an
// inline function, and it might keep the one with instructions that the
// processor lacks.
#ifndef GENCS_CORE_ISA_H_
#define GENCS_CORE_ISA_H_

namespace gencs {

enum class Isa { kPortable, kAvx2, kAvx512 };

// The best instruction set that was compiled and that this processor has.
// The environment variable GENCS_ISA ("portable", "avx2", "avx512") can only
// lower it.
Isa BestIsa();

// Its name: "portable", "avx2" or "avx512".
const char* IsaName();

// Declares, in the namespace of every instruction set, what a *_simd.cc file
// defines there: Declare(T) is a macro of declarations for one type.
#define GENCS_DECLARE_FOR_ISAS(Declare)    \
  GENCS_DECLARE_FOR_ISA(portable, Declare) \
  GENCS_DECLARE_FOR_ISA(avx2, Declare)     \
  GENCS_DECLARE_FOR_ISA(avx512, Declare)
#define GENCS_DECLARE_FOR_ISA(isa, Declare) \
  namespace isa {                           \
  Declare(float) Declare(double)            \
  }

// Runs `call`, a function declared by the macro above, from the best namespace.
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
