#include <algorithm>

#include "cc/core/levenberg_marquardt.h"
#include "tests/cc/fuzz.h"

namespace gencs_fuzz {
namespace {

// The inputs and outputs of a step, each in memory of its own.
template <typename T>
struct State {
  Tight<T> z, value, gradient, normal, damping, growth, trial, predicted;
  Tight<int64_t> count, status;
  Tight<T> trial_value, trial_gradient, trial_normal;

  State(Random& random, int64_t lanes, int64_t size)
      : z(RandomReals<T>(random, lanes * size)),
        value(RandomReals<T>(random, lanes)),
        gradient(RandomReals<T>(random, lanes * size)),
        normal(Matrices(random, lanes, size)),
        damping(RandomReals<T>(random, lanes)),
        growth(RandomReals<T>(random, lanes)),
        trial(RandomReals<T>(random, lanes * size)),
        predicted(RandomReals<T>(random, lanes)),
        count(random, lanes),
        status(random, lanes),
        trial_value(RandomReals<T>(random, lanes)),
        trial_gradient(RandomReals<T>(random, lanes * size)),
        trial_normal(Matrices(random, lanes, size)) {
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    const T special[] = {T(0), T(-1), std::numeric_limits<T>::infinity(),
                         std::numeric_limits<T>::quiet_NaN(),
                         std::numeric_limits<T>::max()};
    const int64_t counts[] = {0, 1, 7, 1000, -5, kMax, kMax - 1};
    for (int64_t lane = 0; lane < lanes; ++lane) {
      count[lane] = counts[random.Below(7)];
      status[lane] = random.OneIn(4) ? random.Below(3) : 0;
      for (Tight<T>* numbers : {&damping, &growth, &predicted, &trial_value}) {
        if (random.OneIn(12)) {
          (*numbers)[lane] = special[random.Below(5)];
        }
      }
      if (random.OneIn(12) && size > 0) {
        trial_normal[lane * size * size + random.Below(size * size)] = special[3];
      }
    }
  }

  // Symmetric, with a heavy diagonal: mostly without negative curvature.
  static Tight<T> Matrices(Random& random, int64_t lanes, int64_t size) {
    Tight<T> matrices = RandomReals<T>(random, lanes * size * size);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      T* h = matrices.data() + lane * size * size;
      const T diagonal = random.OneIn(5) ? T(-1) : T(1 + size);
      for (int64_t i = 0; i < size; ++i) {
        h[i * size + i] += diagonal;
        for (int64_t j = 0; j < i; ++j) {
          h[i * size + j] = h[j * size + i];
        }
      }
    }
    return matrices;
  }

  gencs::LevenbergMarquardtBuffers<T> Buffers(int64_t size) {
    return {size,
            T(1e-9),
            z.data(),
            value.data(),
            gradient.data(),
            normal.data(),
            damping.data(),
            growth.data(),
            trial.data(),
            predicted.data(),
            count.data(),
            status.data(),
            trial_value.data(),
            trial_gradient.data(),
            trial_normal.data()};
  }
};

template <typename T>
void RoundOf(Random& random) {
  const int64_t lanes = random.Below(6);
  const int64_t size = random.Size(0, 40);
  State<T> state(random, lanes, size);
  const std::vector<T> z = state.z.Copy(), old_trial = state.trial.Copy();
  const std::vector<int64_t> count = state.count.Copy(), status = state.status.Copy();
  const auto buffers = state.Buffers(size);
  InThreads(random, lanes, [&](int64_t begin, int64_t end) {
    std::vector<double> workspace(gencs::LevenbergMarquardtWorkspace(size));
    gencs::LevenbergMarquardtStep(begin, end, buffers, workspace.data());
  });

  const std::string shape = "k " + std::to_string(size);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const bool ran = status[lane] == gencs::kLaneRunning;
    const bool accepted = ran && state.count[lane] != count[lane] &&
                          state.count[lane] > 0;
    const bool moves = state.status[lane] == gencs::kLaneRunning;
    Expect(ran || state.status[lane] == status[lane], "status, " + shape);
    Expect(!accepted || state.value[lane] == state.trial_value[lane],
           "a value from nowhere, " + shape);
    double reach = 0.0, largest = 0.0, gradient = 0.0;
    const T* h = state.normal.data() + lane * size * size;
    const auto d = [&](int64_t i) {
      return static_cast<double>(state.trial[lane * size + i]) -
             state.z[lane * size + i];
    };
    for (int64_t i = 0; i < size; ++i) {
      const int64_t at = lane * size + i;
      Expect(state.z[at] == (accepted ? old_trial[at] : z[at]), "z, " + shape);
      Expect(moves || state.trial[at] == state.z[at], "trial at rest, " + shape);
      reach = std::max(reach, std::abs(d(i)));
      gradient = std::max(gradient, std::abs(static_cast<double>(state.gradient[at])));
      for (int64_t j = 0; j < size; ++j) {
        largest = std::max(largest, std::abs(static_cast<double>(h[i * size + j])));
      }
    }
    if (!moves) {
      continue;
    }
    const double damping = state.damping[lane];
    Expect(damping > 0, "damping, " + shape);
    for (int64_t i = 0; i < size; ++i) {
      double sum = state.gradient[lane * size + i] + damping * d(i);
      for (int64_t j = 0; j < size; ++j) {
        sum += h[i * size + j] * d(j);
      }
      // z and d are rounded to T on the way to the trial.
      ExpectClose(sum, 0.0,
                  16 * Epsilon<T>() * (1 + size) *
                      ((largest + damping) * (1 + reach) + gradient),
                  "equations, " + shape);
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

const Fuzzer fuzzer("levenberg_marquardt", &Round);

}  // namespace
}  // namespace gencs_fuzz
