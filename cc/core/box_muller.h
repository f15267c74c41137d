// Pairs of normal numbers from pairs of random words, in SIMD lanes. Only for
// *_simd.cc files: see isa.h.
//
//   u(w) = (2 * (w >> 9) + 1) / 2^24, in (0, 1) and exact in both types
//   (sqrt(-2 ln u(a)) cos(2 pi u(b)), sqrt(-2 ln u(a)) sin(2 pi u(b)))
//
// Exponent, mantissa and octant are split off in exact integer arithmetic, which
// leaves short power series; their length is the only difference between float
// and double.
//
// Source: Box and Muller (1958), "A note on the generation of random normal
// deviates".
#ifndef GENCS_CORE_BOX_MULLER_H_
#define GENCS_CORE_BOX_MULLER_H_

#include "cc/core/philox.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

// Float and integer vectors of T's width, and parts of 32-bit vectors widened to
// it.
template <typename T>
struct Widened;

template <>
struct Widened<float> {
  static constexpr int kParts = 1;
  typedef Words Bits;
  static constexpr uint32_t kSign = uint32_t{1} << 31;
  static GENCS_INLINE Simd<float>::Vector Floats(Simd<float>::Vector v, int) {
    return v;
  }
  static GENCS_INLINE Simd<float>::Vector Convert(Integers v, int) {
    return __builtin_convertvector(v, Simd<float>::Vector);
  }
  // The sign bit of every lane, at the sign bit of the widened lane.
  static GENCS_INLINE Bits Signs(Words v, int) { return v; }
};

template <>
struct Widened<double> {
  static constexpr int kParts = 2;
  typedef WideWords Bits;
  static constexpr uint64_t kSign = uint64_t{1} << 63;
  typedef float HalfFloats __attribute__((vector_size(kVectorBytes / 2)));
  typedef int32_t HalfIntegers __attribute__((vector_size(kVectorBytes / 2)));

  template <typename Half, typename Whole>
  static GENCS_INLINE Half Part(const Whole& v, int part) {
    Half half;
    __builtin_memcpy(&half, reinterpret_cast<const char*>(&v) + part * sizeof(half),
                     sizeof(half));
    return half;
  }
  static GENCS_INLINE Simd<double>::Vector Floats(Simd<float>::Vector v, int part) {
    return __builtin_convertvector(Part<HalfFloats>(v, part), Simd<double>::Vector);
  }
  static GENCS_INLINE Simd<double>::Vector Convert(Integers v, int part) {
    return __builtin_convertvector(Part<HalfIntegers>(v, part), Simd<double>::Vector);
  }
  static GENCS_INLINE Bits Signs(Words v, int part) {
    typedef int64_t WideIntegers __attribute__((vector_size(kVectorBytes)));
    const WideIntegers wide =
        __builtin_convertvector(Part<HalfIntegers>(v, part), WideIntegers);
    return reinterpret_cast<Bits>(wide) << 32;
  }
};

GENCS_INLINE Simd<float>::Vector SquareRoot(Simd<float>::Vector v) {
#if defined(__AVX512F__)
  return reinterpret_cast<Simd<float>::Vector>(_mm512_sqrt_ps(v));
#elif defined(__AVX2__)
  return reinterpret_cast<Simd<float>::Vector>(_mm256_sqrt_ps(v));
#elif defined(__SSE2__)
  return reinterpret_cast<Simd<float>::Vector>(_mm_sqrt_ps(v));
#else
  for (int lane = 0; lane < Simd<float>::kWidth; ++lane) {
    v[lane] = __builtin_sqrtf(v[lane]);
  }
  return v;
#endif
}

GENCS_INLINE Simd<double>::Vector SquareRoot(Simd<double>::Vector v) {
#if defined(__AVX512F__)
  return reinterpret_cast<Simd<double>::Vector>(_mm512_sqrt_pd(v));
#elif defined(__AVX2__)
  return reinterpret_cast<Simd<double>::Vector>(_mm256_sqrt_pd(v));
#elif defined(__SSE2__)
  return reinterpret_cast<Simd<double>::Vector>(_mm_sqrt_pd(v));
#else
  for (int lane = 0; lane < Simd<double>::kWidth; ++lane) {
    v[lane] = __builtin_sqrt(v[lane]);
  }
  return v;
#endif
}

// yes where the sign bit is set, else no.
template <typename T>
GENCS_INLINE typename Simd<T>::Vector Select(typename Widened<T>::Bits signs,
                                             typename Simd<T>::Vector yes,
                                             typename Simd<T>::Vector no) {
  using Vector = typename Simd<T>::Vector;
#if defined(__AVX2__) && !defined(__AVX512F__)
  if constexpr (sizeof(T) == sizeof(float)) {
    return reinterpret_cast<Vector>(_mm256_blendv_ps(reinterpret_cast<__m256>(no),
                                                     reinterpret_cast<__m256>(yes),
                                                     reinterpret_cast<__m256>(signs)));
  } else {
    return reinterpret_cast<Vector>(_mm256_blendv_pd(reinterpret_cast<__m256d>(no),
                                                     reinterpret_cast<__m256d>(yes),
                                                     reinterpret_cast<__m256d>(signs)));
  }
#else
  using Bits = typename Widened<T>::Bits;
  const Bits set = Bits{} - (signs >> (8 * sizeof(T) - 1));
  return reinterpret_cast<Vector>((reinterpret_cast<Bits>(yes) & set) |
                                  (reinterpret_cast<Bits>(no) & ~set));
#endif
}

// v, negated where the sign bit is set.
template <typename T>
GENCS_INLINE typename Simd<T>::Vector NegateWhere(typename Widened<T>::Bits signs,
                                                  typename Simd<T>::Vector v) {
  return reinterpret_cast<typename Simd<T>::Vector>(
      reinterpret_cast<typename Widened<T>::Bits>(v) ^ (signs & Widened<T>::kSign));
}

// How many terms the series need for an error well below one rounding.
template <typename T>
constexpr int kLogTerms = sizeof(T) == sizeof(float) ? 5 : 11;
template <typename T>
constexpr int kSineTerms = sizeof(T) == sizeof(float) ? 5 : 9;
template <typename T>
constexpr int kCosineTerms = sizeof(T) == sizeof(float) ? 6 : 10;

// -4 (1 + z / 3 + z^2 / 5 + ...): -2 ln((1 + s) / (1 - s)) / s at z = s^2.
template <typename T>
GENCS_INLINE typename Simd<T>::Vector LogSeries(typename Simd<T>::Vector z) {
  typename Simd<T>::Vector sum =
      typename Simd<T>::Vector{} + T(-4.0 / (2 * kLogTerms<T> - 1));
#pragma GCC unroll 16
  for (int k = kLogTerms<T> - 2; k >= 0; --k) {
    sum = sum * z + T(-4.0 / (2 * k + 1));
  }
  return sum;
}

constexpr double Factorial(int n) { return n < 2 ? 1.0 : n * Factorial(n - 1); }

// sum over k < kTerms of (-z)^k / (2 k + kFirst)!: cos x for kFirst = 0 and
// sin x / x for kFirst = 1, at z = x^2.
template <typename T, int kFirst, int kTerms>
GENCS_INLINE typename Simd<T>::Vector CircleSeries(typename Simd<T>::Vector z) {
  constexpr double kSign = kTerms % 2 == 0 ? -1.0 : 1.0;
  double coefficient = kSign / Factorial(2 * (kTerms - 1) + kFirst);
  typename Simd<T>::Vector sum = typename Simd<T>::Vector{} + T(coefficient);
#pragma GCC unroll 16
  for (int k = kTerms - 2; k >= 0; --k) {
    coefficient *= -1.0 * (2 * k + 1 + kFirst) * (2 * k + 2 + kFirst);
    sum = sum * z + T(coefficient);
  }
  return sum;
}

// Stores `scale` times the kWords pairs of normal numbers of the words a and b.
template <typename T>
GENCS_INLINE void BoxMuller(Words a, Words b, T scale, T* cosines, T* sines) {
  using Vector = typename Simd<T>::Vector;
  using W = Widened<T>;
  constexpr uint32_t kRootHalf = 0x3f3504f3;  // bits of sqrt(1/2) as a float

  // u(a) = mantissa * 2^exponent, with the mantissa from sqrt(1/2) to sqrt(2).
  const Integers numerator = reinterpret_cast<Integers>((a >> 8) | 1);
  const Words bits =
      reinterpret_cast<Words>(__builtin_convertvector(numerator, Simd<float>::Vector)) -
      (kRootHalf + (24u << 23));
  const Integers exponent = reinterpret_cast<Integers>(bits) >> 23;
  const auto mantissa =
      reinterpret_cast<Simd<float>::Vector>((bits & 0x007fffffu) + kRootHalf);

  // u(b) = (octant pairs + angle) / 4 turns, with |angle| at most half an octant
  // pair, pi / 4.
  const Words turn = ((b >> 8) | 1) + (1u << 21);
  const Integers angle =
      reinterpret_cast<Integers>(turn & ((1u << 22) - 1)) - (1 << 21);
  const Words swap = turn << 9;                    // bit 22: odd quarter turns
  const Words negate_sine = turn << 8;             // bit 23: the lower half
  const Words negate_cosine = negate_sine ^ swap;  // the left half

#pragma GCC unroll 2
  for (int part = 0; part < W::kParts; ++part) {
    const Vector m = W::Floats(mantissa, part);
    const Vector s = (m - T(1)) / (m + T(1));
    const Vector square = W::Convert(exponent, part) * T(-1.38629436111989061883) +
                          s * LogSeries<T>(s * s);
    const Vector radius = SquareRoot(square) * scale;

    const Vector x = W::Convert(angle, part) * T(6.28318530717958647693 / (1 << 24));
    const Vector z = x * x;
    const Vector sine = x * CircleSeries<T, 1, kSineTerms<T>>(z);
    const Vector cosine = CircleSeries<T, 0, kCosineTerms<T>>(z);
    const auto swap_signs = W::Signs(swap, part);
    const Vector c = NegateWhere<T>(W::Signs(negate_cosine, part),
                                    Select<T>(swap_signs, sine, cosine));
    const Vector d = NegateWhere<T>(W::Signs(negate_sine, part),
                                    Select<T>(swap_signs, cosine, sine));
    Simd<T>::Store(radius * c, cosines + part * Simd<T>::kWidth);
    Simd<T>::Store(radius * d, sines + part * Simd<T>::kWidth);
  }
}

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_BOX_MULLER_H_
