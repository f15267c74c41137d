// The subsampled randomised Hadamard transform, y = R H D x / sqrt(m), and its
// transpose, for CPUs.
//
// H is the symmetric +-1 Hadamard matrix of an "exact size" N: Sylvester's for
// N = 2^k, and H12 (x) Sylvester for N = 12 * 2^k, where H12 is the symmetric
// Paley-II matrix of order 12 (q = 5). Index = a * 2^k + b, so H12 mixes the 12
// contiguous blocks. x is padded with zeros from n to N.
//
// The code is compiled once per instruction set (hadamard_simd.cc) and the best
// one the processor has is picked at run time.
#ifndef GENCS_CORE_HADAMARD_H_
#define GENCS_CORE_HADAMARD_H_

#include <cstdint>

namespace gencs {

// The largest signal length the transforms take.
constexpr int64_t kHadamardMaxLength = int64_t{1} << 30;

// Returns the smallest exact size (2^k or 12 * 2^k) that is at least n.
// REQUIRES: 1 <= n <= kHadamardMaxLength.
int64_t HadamardSize(int64_t n);

// How the workspace is laid out; see hadamard_simd.cc.
constexpr int64_t kHadamardLeafBytes = 4096;
constexpr int64_t kHadamardGapBytes = 64;

// Returns how many bytes of workspace a transform of signals of length n needs.
template <typename T>
int64_t HadamardWorkspaceBytes(int64_t n);

// Measures the rows [begin, end) of a batch.
//
// REQUIRES: 1 <= n <= kHadamardMaxLength and 0 <= rows[i] < HadamardSize(n).
//
// \param x          Signals. The shape is [batch, n].
// \param signs      The diagonal of D. The shape is [n].
// \param rows       Which rows of H are measured. The shape is [m].
// \param workspace  Scratch of HadamardWorkspaceBytes<T>(n), 64-byte aligned.
// \param y          Output: measurements. The shape is [batch, m].
template <typename T>
void HadamardMeasure(int64_t begin,
                     int64_t end,
                     const T* x,
                     const int8_t* signs,
                     const int32_t* rows,
                     int64_t n,
                     int64_t m,
                     T* workspace,
                     T* y);

// Applies the exact transpose of HadamardMeasure to the rows [begin, end).
// The parameters are those of HadamardMeasure, with y read and x written.
template <typename T>
void HadamardAdjoint(int64_t begin,
                     int64_t end,
                     const T* y,
                     const int8_t* signs,
                     const int32_t* rows,
                     int64_t n,
                     int64_t m,
                     T* workspace,
                     T* x);

// About how many nanoseconds one row takes, for schedulers.
int64_t HadamardRowCost(int64_t n, int64_t m);

}  // namespace gencs

#endif  // GENCS_CORE_HADAMARD_H_
