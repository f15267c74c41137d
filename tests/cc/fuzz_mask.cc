#include "cc/core/mask.h"
#include "tests/cc/fuzz.h"

namespace gencs_fuzz {
namespace {

using gencs::MaskRows;

// Rows that the core must find, in the first place where one is.
void RoundOfChecks(Random& random) {
  const int64_t n =
      random.OneIn(8) ? (int64_t{1} << 31) - random.Below(2) : random.Size(0, 1000);
  const int64_t count = random.Size(0, 300);
  Tight<int32_t> rows(random, count);
  const int64_t wrong[] = {-1, std::numeric_limits<int32_t>::min(), n,
                           std::numeric_limits<int32_t>::max()};
  const bool spoilt = random.OneIn(2);
  int64_t first = -1;
  for (int64_t i = 0; i < count; ++i) {
    const bool right = n > 0 && !(spoilt && random.OneIn(100));
    rows[i] = static_cast<int32_t>(right ? random.Below(n) : wrong[random.Below(4)]);
    if (first < 0 && (rows[i] < 0 || rows[i] >= n)) {
      first = i;
    }
  }
  const int64_t found = gencs::MaskFirstOutside(rows.data(), count, n);
  Expect(found == first, "outside " + std::to_string(n) + ": " + std::to_string(found) +
                             " instead of " + std::to_string(first));
}

template <typename T>
void RoundOf(Random& random) {
  const bool own = random.OneIn(2);
  const int64_t batch = random.Below(6);
  const int64_t n = random.Size(1, 5000), m = random.Size(0, 5000);
  Tight<int32_t> rows(random, own ? batch * m : m);
  for (int64_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<int32_t>(random.Below(n));
  }
  Tight<T> x = RandomReals<T>(random, batch * n);
  Tight<T> y = RandomReals<T>(random, batch * m);
  Tight<T> measured(random, batch * m), back(random, batch * n);
  const MaskRows mask{rows.data(), m, own};
  InThreads(random, batch, [&](int64_t begin, int64_t end) {
    gencs::MaskMeasure(begin, end, x.data(), mask, n, measured.data());
    gencs::MaskAdjoint(begin, end, y.data(), mask, n, back.data());
  });

  const std::string shape = "n " + std::to_string(n) + ", m " + std::to_string(m) +
                            ", batch " + std::to_string(batch);
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<double> exact(n, 0.0), magnitude(n, 0.0);
    for (int64_t i = 0; i < m; ++i) {
      const int32_t row = rows[own ? b * m + i : i];
      Expect(measured[b * m + i] == x[b * n + row], "measured, " + shape);
      exact[row] += y[b * m + i];
      magnitude[row] += std::abs(y[b * m + i]);
    }
    for (int64_t j = 0; j < n; ++j) {
      // Rows may repeat: their sums may have up to m terms.
      ExpectClose(back[b * n + j], exact[j], Epsilon<T>() * m * magnitude[j],
                  "back, " + shape);
    }
  }
}

void Round(Random& random) {
  RoundOfChecks(random);
  if (random.OneIn(2)) {
    RoundOf<float>(random);
  } else {
    RoundOf<double>(random);
  }
}

const Fuzzer fuzzer("mask", &Round);

}  // namespace
}  // namespace gencs_fuzz
