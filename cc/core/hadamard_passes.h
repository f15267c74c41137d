// Where the values of a Hadamard transform lie, and the passes that mix whole
// blocks of them. Only for hadamard_simd.cc: see isa.h for the rules that hold
// there.
#ifndef GENCS_CORE_HADAMARD_PASSES_H_
#define GENCS_CORE_HADAMARD_PASSES_H_

#include <cstdint>

#include "cc/core/hadamard.h"
#include "cc/core/hadamard_butterflies.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

// Blocks of at least a leaf lie 64 bytes further apart than they are long: at a
// power-of-two distance, all values of a butterfly would fall in one set of the
// cache. The gaps hold zeros and are transformed along.
template <typename T>
struct Layout {
  static constexpr int64_t kLeaf = kHadamardLeafBytes / sizeof(T);
  static constexpr int64_t kGap = kHadamardGapBytes / sizeof(T);
  static constexpr int kLeafLevels = __builtin_ctzll(kLeaf);

  // From one block of `size` entries to the next.
  static GENCS_INLINE int64_t Pitch(int64_t size) {
    return size < kLeaf ? size : size / kLeaf * (kLeaf + kGap);
  }
};

// Mixes R blocks of `stride` neighbours each, in all of [v, v + size).
template <int R, typename T>
void Pass(T* v, int64_t stride, int64_t size) {
  using S = Simd<T>;
  for (T* block = v; block < v + size; block += R * stride) {
    for (int64_t i = 0; i < stride; i += S::kWidth) {
      typename S::Vector a[R];
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) {
        a[r] = S::Load(block + r * stride + i);
      }
      if constexpr (R == 12) {
        Twelve(a);
      } else {
        Butterflies<R>(a);
      }
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) {
        S::Store(a[r], block + r * stride + i);
      }
    }
  }
}

// 2^k > 1 blocks left to mix: by how many at once. 16 = 4 * 4 beats 8 * 2.
GENCS_INLINE int Radix(int64_t blocks) {
  if (blocks >= 8 && blocks != 16) {
    return 8;
  }
  return blocks >= 4 ? 4 : 2;
}

template <typename T>
GENCS_INLINE void PassOfRadix(int radix, T* v, int64_t stride, int64_t size) {
  if (radix == 8) {
    Pass<8>(v, stride, size);
  } else if (radix == 4) {
    Pass<4>(v, stride, size);
  } else {
    Pass<2>(v, stride, size);
  }
}

// Every level inside a leaf with a stride of at least `stride`.
template <typename T>
void WideLevels(T* v, int64_t stride, int64_t size) {
  while (stride < size) {
    const int radix = Radix(size / stride);
    PassOfRadix(radix, v, stride, size);
    stride *= radix;
  }
}

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_HADAMARD_PASSES_H_
