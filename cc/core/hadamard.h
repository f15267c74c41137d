// The subsampled randomised Hadamard transform, A x = R H D x / sqrt(m), and its
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

// How the workspace is laid out; see hadamard_passes.h.
constexpr int64_t kHadamardLeafBytes = 4096;
constexpr int64_t kHadamardGapBytes = 64;
// Up to this size, a workspace also has room for the signs as T.
constexpr int64_t kHadamardMaxSharedSigns = int64_t{1} << 15;

// Returns how many bytes of workspace a transform of signals of length n needs.
template <typename T>
int64_t HadamardWorkspaceBytes(int64_t n);

enum class HadamardTask {
  kMeasure,   // measured <- A x
  kAdjoint,   // back <- A^T y
  kResidual,  // measured <- A x - y, back <- A^T (A x - y)
};

// What to do for a batch of rows, and on which.
// REQUIRES: 1 <= n <= kHadamardMaxLength and 0 <= rows[i] < HadamardSize(n).
template <typename T>
struct HadamardCall {
  HadamardTask task;
  const int8_t* signs;  // [n], the diagonal of D, +1 or -1
  const int32_t* rows;  // [m], which rows of H are measured; they may repeat
  int64_t n, m;
  const T* x;   // [batch, n]; not read by kAdjoint
  const T* y;   // [batch, m]; not read by kMeasure
  T* measured;  // [batch, m]; not written by kAdjoint
  T* back;      // [batch, n]; not written by kMeasure
};

// Does the task for the rows [begin, end) of the batch.
//
// \param workspace  Scratch of HadamardWorkspaceBytes<T>(n), 64-byte aligned.
template <typename T>
void HadamardRows(int64_t begin,
                  int64_t end,
                  const HadamardCall<T>& call,
                  T* workspace);

// The phases of one row, for threads that share it. Each consists of parts that
// may run at once; a phase may only start when the one before has ended.
enum class HadamardPhase { kRead, kMix, kGather, kScatter, kWrite };
constexpr HadamardPhase kHadamardPhases[] = {
    HadamardPhase::kRead,    HadamardPhase::kMix, HadamardPhase::kGather,
    HadamardPhase::kScatter, HadamardPhase::kMix, HadamardPhase::kWrite};

// Which of kHadamardPhases a task consists of: [first, last) by task.
constexpr int kHadamardFirstPhase[] = {0, 3, 0};
constexpr int kHadamardLastPhase[] = {3, 6, 6};

// Runs the parts [begin, end) of a phase, for one row and its workspace.
// REQUIRES: 0 <= begin <= end <= HadamardParts(phase, call).
template <typename T>
void HadamardRunPhase(HadamardPhase phase,
                      int64_t row,
                      int64_t begin,
                      int64_t end,
                      const HadamardCall<T>& call,
                      T* workspace);

// Returns of how many parts a phase consists.
template <typename T>
int64_t HadamardParts(HadamardPhase phase, const HadamardCall<T>& call);

// About how many nanoseconds one row takes, for schedulers.
int64_t HadamardRowCost(HadamardTask task, int64_t n, int64_t m);

}  // namespace gencs

#endif  // GENCS_CORE_HADAMARD_H_
