// Philox4x32-10 with one block to a SIMD lane, for the instruction set that a
// *_simd.cc file is being compiled for. Only for those files: see isa.h.
//
// A block is a pure function of a key (2 words of 32 bits) and a counter (4
// words), and gives 4 random words. The words of a counter live in 64-bit lanes
// whose upper halves are never read: a product of 32-bit words then needs no
// shuffles, and two such vectors (blocks of even and of odd index) merge into
// one vector of 32-bit words at the end.
//
// Source: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as
// easy as 1, 2, 3".
#ifndef GENCS_CORE_PHILOX_H_
#define GENCS_CORE_PHILOX_H_

#include <cstdint>

#include "cc/core/philox_constants.h"
#include "cc/core/simd.h"

#if !defined(__AVX2__) && defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gencs {
namespace GENCS_ISA {
namespace {

typedef uint32_t Words __attribute__((vector_size(kVectorBytes)));
typedef int32_t Integers __attribute__((vector_size(kVectorBytes)));
typedef uint64_t WideWords __attribute__((vector_size(kVectorBytes)));

constexpr int kWords = kVectorBytes / 4;  // 32-bit lanes of a vector

// Products of the lower halves of 64-bit lanes.
GENCS_INLINE WideWords MultiplyLower(WideWords a, WideWords b) {
#if defined(__AVX512F__)
  return reinterpret_cast<WideWords>(
      _mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<WideWords>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<WideWords>(
      _mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

// Words 2i from the lower half of even[i], words 2i + 1 from that of odd[i].
GENCS_INLINE Words Merge(WideWords even, WideWords odd) {
#if defined(__AVX512F__)
  return reinterpret_cast<Words>(_mm512_mask_blend_epi32(
      0xaaaa, reinterpret_cast<__m512i>(even), reinterpret_cast<__m512i>(odd << 32)));
#elif defined(__AVX2__)
  return reinterpret_cast<Words>(_mm256_blend_epi32(
      reinterpret_cast<__m256i>(even), reinterpret_cast<__m256i>(odd << 32), 0xaa));
#elif !defined(__BYTE_ORDER__) || __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return reinterpret_cast<Words>((even & 0xffffffffu) | (odd << 32));
#else
#error "Lanes of 64 bits are split into words as little-endian processors do."
#endif
}

// first, first + 2, first + 4 ...: the indices whose words Merge puts at even
// places, or at odd ones if `first` is one more.
GENCS_INLINE WideWords EverySecond(uint32_t first) {
  WideWords v;
#pragma GCC unroll 8
  for (int lane = 0; lane < kWords / 2; ++lane) {
    v[lane] = static_cast<uint32_t>(first + 2 * lane);
  }
  return v;
}

GENCS_INLINE WideWords Splat(uint64_t value) {
  return value - WideWords{};  // a broadcast; WideWords{} is zero
}

GENCS_INLINE uint64_t HighWord(uint64_t product) { return product >> 32; }

// The key of every round.
struct PhiloxKeys {
  WideWords low[kPhiloxRounds], high[kPhiloxRounds];

  explicit GENCS_INLINE PhiloxKeys(uint64_t key) {
    uint32_t k0 = static_cast<uint32_t>(key);
    uint32_t k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < kPhiloxRounds; ++round) {
      low[round] = Splat(k0);
      high[round] = Splat(k1);
      k0 += kPhiloxWeyl0;
      k1 += kPhiloxWeyl1;
    }
  }
};

// A vector of counters, on their way to random words.
struct PhiloxState {
  WideWords c0, c1, c2, c3;

  template <int kFirst>
  GENCS_INLINE void RunRoundsFrom(const PhiloxKeys& keys) {
    const WideWords m0 = Splat(kPhiloxMultiplier0);
    const WideWords m1 = Splat(kPhiloxMultiplier1);
#pragma GCC unroll 10
    for (int round = kFirst; round < kPhiloxRounds; ++round) {
      const WideWords p0 = MultiplyLower(c0, m0);
      const WideWords p1 = MultiplyLower(c2, m1);
      c0 = (p1 >> 32) ^ (c1 ^ keys.low[round]);
      c2 = (p0 >> 32) ^ (c3 ^ keys.high[round]);
      c1 = p1;
      c3 = p0;
    }
  }
};

// Counters (block, row, stream) of a vector of blocks and any row. What the
// first two rounds can know without the row is computed once.
struct PhiloxBlocks {
  WideWords c0, c1, c2;  // after two rounds; c2 still lacks a word of the row
  uint32_t row_mask;

  GENCS_INLINE PhiloxBlocks(WideWords blocks, uint64_t stream, const PhiloxKeys& keys) {
    const uint64_t low = static_cast<uint32_t>(stream), high = stream >> 32;
    const WideWords p0 = MultiplyLower(blocks, Splat(kPhiloxMultiplier0));
    const uint64_t p1 = low * kPhiloxMultiplier1;
    row_mask =
        static_cast<uint32_t>(HighWord(p1)) ^ static_cast<uint32_t>(keys.low[0][0]);
    const WideWords second = (p0 >> 32) ^ Splat(high) ^ keys.high[0];
    const WideWords q1 = MultiplyLower(second, Splat(kPhiloxMultiplier1));
    c0 = (q1 >> 32) ^ Splat(static_cast<uint32_t>(p1)) ^ keys.low[1];
    c1 = q1;
    c2 = p0 ^ keys.high[1];
  }

  GENCS_INLINE PhiloxState AtRow(uint32_t row, const PhiloxKeys& keys) const {
    const uint64_t q0 = static_cast<uint64_t>(row ^ row_mask) * kPhiloxMultiplier0;
    PhiloxState state{c0, c1, c2 ^ Splat(HighWord(q0)), Splat(q0)};
    state.RunRoundsFrom<2>(keys);
    return state;
  }
};

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_PHILOX_H_
