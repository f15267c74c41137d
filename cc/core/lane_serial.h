// The `Math` of lane.h on a CPU. Only for *_simd.cc files: see isa.h for the
// rules that hold there.
#ifndef GENCS_CORE_LANE_SERIAL_H_
#define GENCS_CORE_LANE_SERIAL_H_

#include <cstdint>

namespace gencs {
namespace GENCS_ISA {
namespace {

// Serial SIMD loops. `omp simd` fixes the order of a sum when the code is
// compiled, so the same inputs give the same bits on every run.
template <typename T>
struct SerialMath {
  template <typename F>
  inline __attribute__((always_inline)) T Sum(int64_t k, F f) const {
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < k; ++i) {
      sum += f(i);
    }
    return sum;
  }

  template <typename F>
  inline __attribute__((always_inline)) T Max(int64_t k, F f) const {
    T largest = 0;  // of magnitudes
#pragma omp simd reduction(max : largest)
    for (int64_t i = 0; i < k; ++i) {
      largest = f(i) > largest ? f(i) : largest;
    }
    return largest;
  }

  template <typename F>
  inline __attribute__((always_inline)) void ForEach(int64_t k, F f) const {
#pragma omp simd
    for (int64_t i = 0; i < k; ++i) {
      f(i);
    }
  }

  void Sync() const {}
  bool Leader() const { return true; }

  static T Sqrt(T x) {
    return static_cast<T>(sizeof(T) == sizeof(float) ? __builtin_sqrtf(x)
                                                     : __builtin_sqrt(x));
  }
  static double OneLessPower(double base, double exponent) {
    return -__builtin_expm1(exponent * __builtin_log(base));
  }
  static constexpr T Epsilon() {
    return sizeof(T) == sizeof(float) ? T(__FLT_EPSILON__) : T(__DBL_EPSILON__);
  }
};

}  // namespace
}  // namespace GENCS_ISA
}  // namespace gencs

#endif  // GENCS_CORE_LANE_SERIAL_H_
