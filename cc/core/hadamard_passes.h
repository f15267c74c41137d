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

// Where the rows of a whole transform lie that consists of blocks of this size.
template <typename T>
struct Places {
  using L = Layout<T>;
  // Blocks of several leaves get one more gap: some multiple of the leaves' gaps
  // is a whole number of cache sets again.
  uint32_t leaf_gap, block_gap;
  int64_t size;
  int levels;

  GENCS_INLINE explicit Places(int64_t block)
      : leaf_gap(block >= L::kLeaf ? L::kGap : 0),
        block_gap(block > L::kLeaf ? L::kGap : 0),
        size(block),
        levels(__builtin_ctzll(block)) {}

  GENCS_INLINE int64_t Pitch() const { return L::Pitch(size) + block_gap; }
  GENCS_INLINE uint32_t Of(uint32_t row) const {
    return row + (row >> L::kLeafLevels) * leaf_gap + (row >> levels) * block_gap;
  }
};

// Mixes the R blocks at v, v + stride ...: their columns [begin, end).
template <int R, typename T>
GENCS_INLINE void Mix(T* v, int64_t stride, int64_t begin, int64_t end) {
  using S = Simd<T>;
  const typename S::Vector one = S::OpaqueOne();
  for (int64_t i = begin; i < end; i += S::kWidth) {
    typename S::Vector a[R];
    GENCS_UNROLL
    for (int r = 0; r < R; ++r) {
      a[r] = S::Load(v + r * stride + i);
    }
    if constexpr (R == 12) {
      Twelve<T>(a);
      GENCS_UNROLL
      for (int r = 0; r < R; ++r) {
        S::Store(a[r], v + r * stride + i);
      }
    } else {
      Butterflies<R / 2>(a);
      Butterflies<R / 2>(a + R / 2);
      GENCS_UNROLL
      for (int r = 0; r < R / 2; ++r) {
        S::Store(a[r] + a[r + R / 2], v + r * stride + i);
        S::Store(S::Minus(a[r], a[r + R / 2], one), v + (r + R / 2) * stride + i);
      }
    }
  }
}

// Mix for a radix known at run time: 2, 4, 8, 12 or 16.
template <typename T>
void MixBlocks(int radix, T* v, int64_t stride, int64_t begin, int64_t end) {
  switch (radix) {
    case 16:
      return Mix<16>(v, stride, begin, end);
    case 12:
      return Mix<12>(v, stride, begin, end);
    case 8:
      return Mix<8>(v, stride, begin, end);
    case 4:
      return Mix<4>(v, stride, begin, end);
    default:
      return Mix<2>(v, stride, begin, end);
  }
}

// 2^k > 1 blocks left to mix: by how many at once. A pass over 8 or 16 costs about
// as much as one over 4; 16 has less per level but spills registers, so it is for
// where it saves a pass.
GENCS_INLINE int Radix(int64_t blocks) {
  const int levels = __builtin_ctzll(blocks);
  if (levels <= 2) {
    return 1 << levels;
  }
  return levels % 3 == 1 ? 16 : 8;
}

// Every level inside a leaf with a stride of at least `stride`.
template <typename T>
void WideLevels(T* v, int64_t stride, int64_t size) {
  while (stride < size) {
    const int radix = Radix(size / stride);
    for (int64_t i = 0; i < size; i += radix * stride) {
      MixBlocks(radix, v + i, stride, 0, stride);
    }
    stride *= radix;
  }
}

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_HADAMARD_PASSES_H_
