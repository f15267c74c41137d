#include "cc/core/normal_equations.h"
#include "tests/cc/fuzz.h"

namespace gencs_fuzz {
namespace {

template <typename T>
void RoundOf(Random& random) {
  const int64_t lanes = random.Below(4);
  const int64_t size = random.OneIn(8) ? random.Size(0, 70) : random.Below(14);
  const int64_t residuals = random.Size(0, random.OneIn(4) ? 2500 : 100);
  Tight<T> jacobian = RandomReals<T>(random, lanes * size * residuals);
  Tight<T> residual = RandomReals<T>(random, lanes * residuals);
  Tight<T> normal(random, lanes * size * size), gradient(random, lanes * size);
  const gencs::NormalEquationsCall<T> call{size,
                                           residuals,
                                           jacobian.data(),
                                           residual.data(),
                                           normal.data(),
                                           gradient.data()};
  InThreads(random, lanes * gencs::NormalEquationsPieces(size),
            [&](int64_t begin, int64_t end) {
              gencs::NormalEquations(begin, end, call);
            });

  const std::string shape =
      "k " + std::to_string(size) + ", m " + std::to_string(residuals);
  const double allowed = 4 * Epsilon<T>() * (1 + static_cast<double>(residuals));
  for (int64_t row = 0; row < lanes * size; ++row) {
    const int64_t lane = row / size;
    const T* own = jacobian.data() + row * residuals;
    const auto dot = [&](const T* other) {
      double sum = 0.0;
      for (int64_t i = 0; i < residuals; ++i) {
        sum += static_cast<double>(own[i]) * other[i];
      }
      return sum;
    };
    ExpectClose(gradient[row], dot(residual.data() + lane * residuals), allowed,
                "gradient, " + shape);
    for (int64_t column = 0; column < size; ++column) {
      const int64_t other = lane * size + column;
      ExpectClose(normal[row * size + column],
                  dot(jacobian.data() + other * residuals), allowed, "normal, " + shape);
      Expect(normal[row * size + column] == normal[other * size + row % size],
             "not symmetric, " + shape);
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

const Fuzzer fuzzer("normal_equations", &Round);

}  // namespace
}  // namespace gencs_fuzz
