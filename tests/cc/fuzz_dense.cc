#include <algorithm>

#include "cc/core/dense.h"
#include "tests/cc/fuzz.h"

namespace gencs_fuzz {
namespace {

using gencs::DenseCall;
using gencs::DenseGrid;

template <typename T>
class Scratch {
 public:
  Scratch()
      : memory_(static_cast<T*>(std::aligned_alloc(64, gencs::kDenseWorkspaceBytes))) {
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(memory_); }
  T* get() const { return memory_; }

 private:
  T* memory_;
};

// Any grid must work; now and then the one that a kernel would take.
DenseGrid RandomGrid(Random& random, int64_t m, int64_t n, int64_t batch) {
  if (random.OneIn(3)) {
    return gencs::DenseGridOf(m, n, batch, random.OneIn(2) ? 4 : 8,
                              1 + random.Below(100));
  }
  return {1 + random.Below(5), 1 + random.Below(5)};
}

template <typename T>
void RoundOf(Random& random) {
  // The plain loops take batch * m * n steps; without rows or columns, memory bounds.
  const int64_t n = random.Size(0, random.OneIn(20) ? 20000 : 2000);
  const int64_t m = random.Size(0, std::max<int64_t>(4, 200000 / (n + 1)));
  const int64_t most = 2000000 / (m * n + m + n + 1);
  const int64_t batch = random.Size(0, std::max<int64_t>(4, most));
  const DenseGrid grid = RandomGrid(random, m, n, batch);
  Tight<T> a = RandomReals<T>(random, m * n);
  Tight<T> x = RandomReals<T>(random, batch * n);
  Tight<T> y = RandomReals<T>(random, batch * m);
  Tight<T> residual(random, batch * m), back(random, batch * n);
  Tight<T> sums(random, (grid.rows - 1) * batch * n);
  const DenseCall<T> call{m,        n,        batch,           a.data(),
                          x.data(), y.data(), residual.data(), back.data()};
  InThreads(random, grid.parts(), [&](int64_t begin, int64_t end) {
    const Scratch<T> workspace;
    gencs::DenseParts(begin, end, call, grid, workspace.get(), sums.data());
  });
  InThreads(random, batch * n, [&](int64_t begin, int64_t end) {
    gencs::DenseAdd(begin, end, call, grid, sums.data());
  });

  const std::string shape = "m " + std::to_string(m) + ", n " + std::to_string(n) +
                            ", batch " + std::to_string(batch) + ", grid " +
                            std::to_string(grid.rows) + " x " +
                            std::to_string(grid.batch);
  // Sums run in blocks: their rounding grows with far less than the length.
  const auto roundings = [](int64_t length) {
    return 8 + 2 * std::sqrt(static_cast<double>(length));
  };
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t i = 0; i < m; ++i) {
      double exact = -static_cast<double>(y[b * m + i]), magnitude = std::abs(exact);
      for (int64_t j = 0; j < n; ++j) {
        const double term = static_cast<double>(a[i * n + j]) * x[b * n + j];
        exact += term;
        magnitude += std::abs(term);
      }
      ExpectClose(residual[b * m + i], exact, Epsilon<T>() * roundings(n) * magnitude,
                  "residual, " + shape);
    }
    std::vector<double> exact(n), magnitude(n);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        const double term = static_cast<double>(a[i * n + j]) * residual[b * m + i];
        exact[j] += term;
        magnitude[j] += std::abs(term);
      }
    }
    for (int64_t j = 0; j < n; ++j) {
      ExpectClose(back[b * n + j], exact[j],
                  Epsilon<T>() * roundings(m) * magnitude[j], "back, " + shape);
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

const Fuzzer fuzzer("dense", &Round);

}  // namespace
}  // namespace gencs_fuzz
