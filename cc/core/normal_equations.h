// The normal equations of many small least-squares problems, for CPUs.
#ifndef GENCS_CORE_NORMAL_EQUATIONS_H_
#define GENCS_CORE_NORMAL_EQUATIONS_H_

#include <cstdint>

namespace gencs {

// L problems with the transposed Jacobian J (k rows of m numbers) and residual r.
template <typename T>
struct NormalEquationsCall {
  int64_t size;         // k
  int64_t residuals;    // m
  const T* jacobian;    // [L, k, m]
  const T* residual;    // [L, m]
  T* normal;            // [L, k, k]  J J', exactly symmetric
  T* gradient;          // [L, k]     J r
};

// Rows of J are taken in blocks of so many: the pieces of work.
constexpr int64_t kNormalRows = 4;

// How many pieces a problem has. Every entry of `normal` belongs to one piece.
inline int64_t NormalEquationsPieces(int64_t size) {
  return size / kNormalRows + (size % kNormalRows != 0);
}

// Does the pieces [begin, end) of all L * NormalEquationsPieces(k).
template <typename T>
void NormalEquations(int64_t begin, int64_t end, const NormalEquationsCall<T>& call);

// About how many nanoseconds a piece takes, for schedulers.
inline int64_t NormalEquationsCost(int64_t size, int64_t residuals) {
  const double cost = 20 + 0.2 * static_cast<double>(size) * residuals;
  return cost < 1e15 ? static_cast<int64_t>(cost) : int64_t{1'000'000'000'000'000};
}

}  // namespace gencs

#endif  // GENCS_CORE_NORMAL_EQUATIONS_H_
