#include <algorithm>

#include "cc/core/hadamard.h"
#include "tests/cc/fuzz.h"

namespace gencs_fuzz {
namespace {

using gencs::HadamardCall;
using gencs::HadamardPhase;
using gencs::HadamardTask;

// H12 written out, so that nothing here shares code with what it checks.
constexpr const char* kTwelve[] = {"+-++++++++++", "--+-+-+-+-+-", "+++-++----++",
                                   "+---+--+-++-", "+++++-++----", "+-+---+--+-+",
                                   "++--+++-++--", "+--++---+--+", "++----+++-++",
                                   "+--+-++---+-", "++++----+++-", "+-+--+-++---"};

double Entry(int64_t size, int64_t i, int64_t j) {
  const int64_t block = size % 3 == 0 ? size / 12 : size;
  double sign = __builtin_parityll((i % block) & (j % block)) != 0 ? -1.0 : 1.0;
  if (block != size) {
    sign *= kTwelve[i / block][j / block] == '+' ? 1.0 : -1.0;
  }
  return sign;
}

template <typename T>
class AlignedWorkspace {
 public:
  explicit AlignedWorkspace(int64_t n)
      : memory_(static_cast<T*>(
            std::aligned_alloc(64, gencs::HadamardWorkspaceBytes<T>(n)))) {}
  AlignedWorkspace(const AlignedWorkspace&) = delete;
  AlignedWorkspace& operator=(const AlignedWorkspace&) = delete;
  ~AlignedWorkspace() { std::free(memory_); }
  T* get() const { return memory_; }

 private:
  T* memory_;
};

template <typename T>
void RunSharingRows(Random& random, int64_t batch, const HadamardCall<T>& call) {
  const AlignedWorkspace<T> workspace(call.n);
  const int task = static_cast<int>(call.task);
  for (int64_t row = 0; row < batch; ++row) {
    for (int i = gencs::kHadamardFirstPhase[task]; i < gencs::kHadamardLastPhase[task];
         ++i) {
      const HadamardPhase phase = gencs::kHadamardPhases[i];
      InThreads(
          random, gencs::HadamardParts(phase, call), [&](int64_t begin, int64_t end) {
            gencs::HadamardRunPhase(phase, row, begin, end, call, workspace.get());
          });
    }
  }
}

template <typename T>
void RoundOf(Random& random) {
  // The plain loops take batch * n * m steps.
  const int64_t n = random.Size(1, random.OneIn(50) ? 200000 : 5000);
  const int64_t size = gencs::HadamardSize(n);
  const int64_t m = random.Size(0, std::max<int64_t>(4, 100000 / n));
  const int64_t batch = n > 5000 ? random.Below(3) : random.Below(6);
  const auto task = static_cast<HadamardTask>(random.Below(3));
  const bool reads_x = task != HadamardTask::kAdjoint;
  const bool reads_y = task != HadamardTask::kMeasure;
  Tight<int8_t> signs(random, n);
  Tight<int32_t> rows(random, m);
  for (int64_t j = 0; j < n; ++j) {
    signs[j] = random.OneIn(2) ? 1 : -1;
  }
  for (int64_t i = 0; i < m; ++i) {
    rows[i] = static_cast<int32_t>(random.Below(size));
  }
  Tight<T> x = RandomReals<T>(random, reads_x ? batch * n : 0);
  Tight<T> y = RandomReals<T>(random, reads_y ? batch * m : 0);
  Tight<T> measured(random, reads_x ? batch * m : 0);
  Tight<T> back(random, reads_y ? batch * n : 0);
  const HadamardCall<T> call{task,     signs.data(), rows.data(),     n,          m,
                             x.data(), y.data(),     measured.data(), back.data()};
  if (random.OneIn(2)) {
    RunSharingRows(random, batch, call);
  } else {
    InThreads(random, batch, [&](int64_t begin, int64_t end) {
      const AlignedWorkspace<T> workspace(n);
      gencs::HadamardRows(begin, end, call, workspace.get());
    });
  }

  const std::string shape = "n " + std::to_string(n) + ", m " + std::to_string(m) +
                            ", batch " + std::to_string(batch);
  const double scale = 1.0 / std::sqrt(m > 0 ? m : 1.0);
  const double levels = 5 + std::log2(static_cast<double>(size));
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t i = 0; reads_x && i < m; ++i) {
      double exact = 0.0, magnitude = 0.0;
      for (int64_t j = 0; j < n; ++j) {
        exact += Entry(size, rows[i], j) * signs[j] * x[b * n + j];
        magnitude += std::abs(x[b * n + j]);
      }
      const double less = reads_y ? y[b * m + i] : 0.0;
      ExpectClose(measured[b * m + i], exact * scale - less,
                  Epsilon<T>() * levels * (magnitude * scale + 1.0),
                  "measured, " + shape);
    }
    T* spread = reads_x ? measured.data() : y.data();  // for the adjoint
    for (int64_t j = 0; reads_y && j < n; ++j) {
      double exact = 0.0, magnitude = 0.0;
      for (int64_t i = 0; i < m; ++i) {
        exact += Entry(size, rows[i], j) * spread[b * m + i];
        magnitude += std::abs(spread[b * m + i]);
      }
      // Rows may repeat: their sums may have up to m terms.
      ExpectClose(back[b * n + j], exact * signs[j] * scale,
                  Epsilon<T>() * (levels + m) * magnitude * scale, "back, " + shape);
    }
  }
}

void Round(Random& random) {
  if (random.OneIn(2)) {
    RoundOf<float>(random);
  } else {
    RoundOf<double>(random);
  }
}

const Fuzzer fuzzer("hadamard", &Round);

}  // namespace
}  // namespace gencs_fuzz
