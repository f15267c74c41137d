// SIMD vectors of the instruction set that a *_simd.cc file is being compiled
// for. Only for those files: see isa.h for the rules that hold there.
#ifndef GENCS_CORE_SIMD_H_
#define GENCS_CORE_SIMD_H_

#include <cstdint>

#ifdef __AVX2__
#include <immintrin.h>  // its functions are gnu_inline: nothing for the linker
#endif

#define GENCS_INLINE inline __attribute__((always_inline))

#ifdef __FMA__
#define GENCS_HIDE_VALUE(vector) __asm__("" : "+v"(vector))
#define GENCS_TIMES_ONE(vector, one) ((vector) * (one))
#else
#define GENCS_HIDE_VALUE(vector)
#define GENCS_TIMES_ONE(vector, one) ((void)(one), (vector))
#endif

namespace gencs {
namespace GENCS_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <int... I>
struct Lanes {};

template <typename T>
struct Simd;

#define GENCS_DEFINE_SIMD(T)                                                          \
  template <>                                                                         \
  struct Simd<T> {                                                                    \
    static constexpr int kWidth = kVectorBytes / sizeof(T);                           \
    typedef T Vector __attribute__((vector_size(kVectorBytes)));                      \
    static GENCS_INLINE Vector Load(const T* from) {                                  \
      Vector v;                                                                       \
      __builtin_memcpy(&v, from, sizeof(v));                                          \
      return v;                                                                       \
    }                                                                                 \
    static GENCS_INLINE void Store(Vector v, T* to) {                                 \
      __builtin_memcpy(to, &v, sizeof(v));                                            \
    }                                                                                 \
    static GENCS_INLINE Vector LoadSigns(const int8_t* from);                         \
    static GENCS_INLINE Vector LoadSigns(const T* from) { return Load(from); }        \
    /* Ones that the compiler does not know to be ones; see Minus. */                 \
    static GENCS_INLINE Vector OpaqueOne() {                                          \
      Vector one = Vector{} + T(1);                                                   \
      GENCS_HIDE_VALUE(one);                                                          \
      return one;                                                                     \
    }                                                                                 \
    /* a - b. Where butterflies have filled the adders of a processor, its */         \
    /* multiply-add units are still free. */                                          \
    static GENCS_INLINE Vector Minus(Vector a, Vector b, Vector one) {                \
      return a - GENCS_TIMES_ONE(b, one);                                             \
    }                                                                                 \
    template <int... I>                                                               \
    static GENCS_INLINE Vector Pick(const T* from, const uint32_t* at, Lanes<I...>) { \
      return Vector{from[at[I]]...};                                                  \
    }                                                                                 \
    /* The entries from[at[0]], from[at[1]] ... */                                    \
    static GENCS_INLINE Vector Pick(const T* from, const uint32_t* at);               \
    /* One level of butterflies inside a vector, between lanes i and i ^ D. */        \
    template <int D, int... I>                                                        \
    static GENCS_INLINE Vector Level(Vector v, Lanes<I...>) {                         \
      const Vector sign = {((I & D) ? T(-1) : T(1))...};                              \
      return v * sign + __builtin_shufflevector(v, v, (I ^ D)...);                    \
    }                                                                                 \
    static GENCS_INLINE Vector Inside(Vector v);                                      \
  };
GENCS_DEFINE_SIMD(float)
GENCS_DEFINE_SIMD(double)
#undef GENCS_DEFINE_SIMD

#define GENCS_LANES_2 Lanes<0, 1>()
#define GENCS_LANES_4 Lanes<0, 1, 2, 3>()
#define GENCS_LANES_8 Lanes<0, 1, 2, 3, 4, 5, 6, 7>()
#define GENCS_LANES_16 Lanes<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>()

// LoadSigns widens the signs; compilers turn a generic conversion of bytes into
// scalar code. Inside does all levels inside a vector.
#if defined(__AVX512F__)
GENCS_INLINE Simd<float>::Vector Simd<float>::LoadSigns(const int8_t* from) {
  return _mm512_cvtepi32_ps(
      _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
}
GENCS_INLINE Simd<double>::Vector Simd<double>::LoadSigns(const int8_t* from) {
  return _mm512_cvtepi32_pd(
      _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
GENCS_INLINE Simd<float>::Vector Simd<float>::Inside(Vector v) {
  v = Level<1>(v, GENCS_LANES_16);
  v = Level<2>(v, GENCS_LANES_16);
  v = Level<4>(v, GENCS_LANES_16);
  return Level<8>(v, GENCS_LANES_16);
}
GENCS_INLINE Simd<float>::Vector Simd<float>::Pick(const float* from,
                                                   const uint32_t* at) {
  return Pick(from, at, GENCS_LANES_16);
}
GENCS_INLINE Simd<double>::Vector Simd<double>::Inside(Vector v) {
  v = Level<1>(v, GENCS_LANES_8);
  v = Level<2>(v, GENCS_LANES_8);
  return Level<4>(v, GENCS_LANES_8);
}
GENCS_INLINE Simd<double>::Vector Simd<double>::Pick(const double* from,
                                                     const uint32_t* at) {
  return Pick(from, at, GENCS_LANES_8);
}
#elif defined(__AVX2__)
GENCS_INLINE Simd<float>::Vector Simd<float>::LoadSigns(const int8_t* from) {
  return _mm256_cvtepi32_ps(
      _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
GENCS_INLINE Simd<double>::Vector Simd<double>::LoadSigns(const int8_t* from) {
  int32_t four;
  __builtin_memcpy(&four, from, sizeof(four));
  return _mm256_cvtepi32_pd(_mm_cvtepi8_epi32(_mm_cvtsi32_si128(four)));
}
GENCS_INLINE Simd<float>::Vector Simd<float>::Inside(Vector v) {
  v = Level<1>(v, GENCS_LANES_8);
  v = Level<2>(v, GENCS_LANES_8);
  return Level<4>(v, GENCS_LANES_8);
}
GENCS_INLINE Simd<float>::Vector Simd<float>::Pick(const float* from,
                                                   const uint32_t* at) {
  return Pick(from, at, GENCS_LANES_8);
}
GENCS_INLINE Simd<double>::Vector Simd<double>::Inside(Vector v) {
  v = Level<1>(v, GENCS_LANES_4);
  return Level<2>(v, GENCS_LANES_4);
}
GENCS_INLINE Simd<double>::Vector Simd<double>::Pick(const double* from,
                                                     const uint32_t* at) {
  return Pick(from, at, GENCS_LANES_4);
}
#else
GENCS_INLINE Simd<float>::Vector Simd<float>::LoadSigns(const int8_t* from) {
  return Vector{float(from[0]), float(from[1]), float(from[2]), float(from[3])};
}
GENCS_INLINE Simd<double>::Vector Simd<double>::LoadSigns(const int8_t* from) {
  return Vector{double(from[0]), double(from[1])};
}
GENCS_INLINE Simd<float>::Vector Simd<float>::Inside(Vector v) {
  v = Level<1>(v, GENCS_LANES_4);
  return Level<2>(v, GENCS_LANES_4);
}
GENCS_INLINE Simd<float>::Vector Simd<float>::Pick(const float* from,
                                                   const uint32_t* at) {
  return Pick(from, at, GENCS_LANES_4);
}
GENCS_INLINE Simd<double>::Vector Simd<double>::Inside(Vector v) {
  return Level<1>(v, GENCS_LANES_2);
}
GENCS_INLINE Simd<double>::Vector Simd<double>::Pick(const double* from,
                                                     const uint32_t* at) {
  return Pick(from, at, GENCS_LANES_2);
}
#endif

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_SIMD_H_
