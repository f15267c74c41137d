#include "cc/core/isa.h"

#include <cstdlib>
#include <cstring>

namespace gencs {
namespace {

Isa Supported() {
#ifdef GENCS_X86_ISAS
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    return Isa::kPortable;
  }
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl")) {
    return Isa::kAvx2;
  }
  return Isa::kAvx512;
#else
  return Isa::kPortable;
#endif
}

Isa Choose() {
  const Isa supported = Supported();
  const char* wanted = std::getenv("GENCS_ISA");
  if (wanted == nullptr) {
    return supported;
  }
  if (std::strcmp(wanted, "portable") == 0) {
    return Isa::kPortable;
  }
  if (std::strcmp(wanted, "avx2") == 0 && supported == Isa::kAvx512) {
    return Isa::kAvx2;
  }
  return supported;
}

}  // namespace

Isa BestIsa() {
  static const Isa best = Choose();
  return best;
}

const char* IsaName() {
  switch (BestIsa()) {
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx2:
      return "avx2";
    default:
      return "portable";
  }
}

}  // namespace gencs
