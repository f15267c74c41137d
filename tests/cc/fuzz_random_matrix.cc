#include <algorithm>
#include <array>

#include "cc/core/random_matrix.h"
#include "tests/cc/fuzz.h"

namespace gencs_fuzz {
namespace {

using gencs::RandomDistribution;
using gencs::RandomMatrix;

// Philox4x32-10 and the entries as the header defines them, one at a time, so that
// nothing here shares code with what it checks.
std::array<uint32_t, 4> Philox(uint64_t key,
                               uint64_t stream,
                               uint32_t row,
                               uint32_t block) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  std::array<uint32_t, 4> c = {block, row, static_cast<uint32_t>(stream),
                               static_cast<uint32_t>(stream >> 32)};
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xd2511f53} * c[0], p1 = uint64_t{0xcd9e8d57} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  return c;
}

// In long double: the angle alone, rounded to double, moves an entry by 10 roundings.
long double Uniform(uint32_t word) { return (2.0L * (word >> 9) + 1.0L) / 16777216.0L; }

double Entry(const RandomMatrix& matrix, int64_t i, int64_t j) {
  const auto words = [&](int64_t block) {
    return Philox(matrix.key, matrix.stream, static_cast<uint32_t>(i),
                  static_cast<uint32_t>(block));
  };
  if (matrix.distribution == RandomDistribution::kRademacher) {
    return words(j / 128)[j % 128 / 32] >> (j % 32) & 1 ? -1.0 : 1.0;
  }
  const int64_t entry = j % 64 / 16;
  const auto w = words(16 * (j / 64) + j % 16);
  const long double radius = std::sqrt(-2.0L * std::log(Uniform(w[entry / 2 * 2])));
  const long double angle =
      2.0L * 3.14159265358979323846264L * Uniform(w[entry / 2 * 2 + 1]);
  const long double part = entry % 2 == 0 ? std::cos(angle) : std::sin(angle);
  return static_cast<double>(radius * part);
}

template <typename T>
class Scratch {
 public:
  Scratch()
      : memory_(static_cast<T*>(std::aligned_alloc(64, gencs::kRandomWorkspaceBytes))) {
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(memory_); }
  T* get() const { return memory_; }

 private:
  T* memory_;
};

uint64_t RandomBits(Random& random) {
  const uint64_t high = random.Below(int64_t{1} << 32);
  return random.OneIn(10) ? ~uint64_t{0} : high << 32 | random.Below(int64_t{1} << 32);
}

void RoundOfWords(Random& random) {
  const uint64_t key = RandomBits(random), stream = RandomBits(random);
  const uint32_t row = static_cast<uint32_t>(RandomBits(random));
  const int64_t blocks = random.Size(0, 200);
  uint32_t block = static_cast<uint32_t>(RandomBits(random));
  if (random.OneIn(2)) {
    block = static_cast<uint32_t>(-random.Below(100));  // about to wrap
  }
  Tight<uint32_t> words(random, 4 * blocks);
  gencs::RandomWords(key, stream, row, block, blocks, words.data());
  for (int64_t i = 0; i < 4 * blocks; ++i) {
    const auto exact = Philox(key, stream, row, block + static_cast<uint32_t>(i / 4));
    Expect(words[i] == exact[i % 4], "word " + std::to_string(i));
  }
}

template <typename T>
void RoundOf(Random& random) {
  // The plain loops take 30 ns for each entry of A and 1 ns for each use.
  const int64_t n = random.Size(0, random.OneIn(10) ? 20000 : 1500);
  const int64_t m = random.Size(0, std::max<int64_t>(3, 20000 / (n + 1)));
  const int64_t batch = random.Size(0, 70);
  const RandomMatrix matrix{
      random.OneIn(2) ? RandomDistribution::kGaussian : RandomDistribution::kRademacher,
      RandomBits(random), RandomBits(random), m, n};
  Tight<T> x = RandomReals<T>(random, batch * n);
  Tight<T> y = RandomReals<T>(random, batch * m);
  Tight<T> measured(random, batch * m), back(random, batch * n), a(random, m * n);
  const int64_t groups = (n + gencs::kRandomGroup - 1) / gencs::kRandomGroup;
  const auto columns_before = [&](int64_t group) {
    return std::min(group * gencs::kRandomGroup, n);
  };
  InThreads(random, m, [&](int64_t begin, int64_t end) {
    const Scratch<T> workspace;
    gencs::RandomMatrixMeasure(begin, end, matrix, x.data(), batch, workspace.get(),
                               measured.data());
  });
  InThreads(random, groups, [&](int64_t begin, int64_t end) {
    if (begin == end) {
      return;  // possibly behind the last column
    }
    const Scratch<T> workspace;
    gencs::RandomMatrixAdjoint(begin * gencs::kRandomGroup, columns_before(end), matrix,
                               y.data(), batch, workspace.get(), back.data());
  });
  const int64_t cut = random.Below(groups + 1) * gencs::kRandomGroup;
  InThreads(random, m, [&](int64_t begin, int64_t end) {
    const Scratch<T> workspace;
    gencs::RandomMatrixFill(begin, end, 0, std::min(cut, n), matrix, workspace.get(),
                            a.data());
    if (cut < n) {
      gencs::RandomMatrixFill(begin, end, cut, n, matrix, workspace.get(), a.data());
    }
  });

  const std::string shape = "m " + std::to_string(m) + ", n " + std::to_string(n) +
                            ", batch " + std::to_string(batch);
  const double scale = 1.0 / std::sqrt(m > 0 ? m : 1.0);
  // An entry errs by so much of itself, or of 1 where it is smaller.
  const double entry_error = 8 * Epsilon<T>();
  std::vector<double> exact(m * n);
  for (int64_t i = 0; i < m * n; ++i) {
    exact[i] = Entry(matrix, i / n, i % n);
    ExpectClose(a[i], exact[i] * scale,
                entry_error * scale * std::max(1.0, std::abs(exact[i])), "a, " + shape);
  }
  // Checks a product with the `count` rows of A, or of its transpose.
  const auto check = [&](Tight<T>& from, Tight<T>& to, int64_t count, int64_t length,
                         int64_t row_step, int64_t entry_step, const char* what) {
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t i = 0; i < count; ++i) {
        double sum = 0.0, magnitude = 0.0;
        for (int64_t j = 0; j < length; ++j) {
          const double entry = exact[i * row_step + j * entry_step];
          sum += entry * from[b * length + j];
          magnitude += std::max(1.0, std::abs(entry)) * std::abs(from[b * length + j]);
        }
        // Sums run in blocks: their rounding grows with far less than the length.
        const double roundings = 8 + 2 * std::sqrt(static_cast<double>(length));
        ExpectClose(to[b * count + i], sum * scale,
                    Epsilon<T>() * roundings * magnitude * scale, what + shape);
      }
    }
  };
  check(x, measured, m, n, n, 1, "measured, ");
  check(y, back, n, m, 1, n, "back, ");
}

void Round(Random& random) {
  RoundOfWords(random);
  if (random.OneIn(2)) {
    RoundOf<float>(random);
  } else {
    RoundOf<double>(random);
  }
}

const Fuzzer fuzzer("random_matrix", &Round);

}  // namespace
}  // namespace gencs_fuzz
