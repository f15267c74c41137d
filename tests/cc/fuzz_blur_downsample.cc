#include <algorithm>

#include "cc/core/blur_downsample.h"
#include "tests/cc/fuzz.h"

namespace gencs_fuzz {
namespace {

using gencs::BlurAxis;
using gencs::BlurBorder;
using gencs::BlurDownsamplePlan;

// The formula of the header: the position that output o reads with tap i.
int64_t Position(int64_t o,
                 int64_t i,
                 int64_t size,
                 int64_t factor,
                 int64_t taps,
                 BlurBorder border) {
  const double centred = std::floor((factor - taps) / 2.0);
  const int64_t p = factor * o + i + static_cast<int64_t>(centred);
  if (border == BlurBorder::kCircular) {
    return p < 0 ? p + size : (p >= size ? p - size : p);
  }
  return p < 0 ? -p : (p >= size ? 2 * (size - 1) - p : p);
}

// The axis as a matrix [out, size]: each of its entries sums what taps put there.
template <typename T>
std::vector<double> Matrix(Tight<T>& kernel, const BlurAxis& axis, bool magnitudes) {
  const int64_t out = (axis.size + axis.factor - 1) / axis.factor;
  std::vector<double> matrix(out * axis.size, 0.0);
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t i = 0; i < kernel.size(); ++i) {
      const int64_t p =
          Position(o, i, axis.size, axis.factor, kernel.size(), axis.border);
      matrix[o * axis.size + p] += magnitudes ? std::abs(kernel[i]) : kernel[i];
    }
  }
  return matrix;
}

// Any axis on which the taps reach no further than they may.
BlurAxis RandomAxis(Random& random, int64_t size, int64_t factor, BlurBorder border) {
  for (int64_t longest = 2 * size + factor;; longest = longest / 2 + 1) {
    const BlurAxis axis =
        gencs::MakeBlurAxis(size, factor, 1 + random.Below(longest), border);
    // Also where the formula reaches: sizes must be right before anything is folded.
    const int64_t reach = std::max(axis.before, axis.after);
    if (reach <= gencs::BlurMaxReach(axis)) {
      return axis;
    }
    if (longest < 3) {  // even a single tap lies outside
      return gencs::MakeBlurAxis(size, 1, 1, border);
    }
  }
}

// What [batch, y, x, channels] becomes if the matrices are applied to both axes, or
// their transposes. The sums are those of the plain loops.
std::vector<double> Apply(const std::vector<double>& images,
                          int64_t batch,
                          int64_t channels,
                          const std::vector<double>& vertical,
                          const std::vector<double>& horizontal,
                          const BlurAxis& y,
                          const BlurAxis& x,
                          bool adjoint) {
  const int64_t height = adjoint ? y.size : y.out, width = adjoint ? x.size : x.out;
  const int64_t from_height = adjoint ? y.out : y.size;
  const int64_t from_width = adjoint ? x.out : x.size;
  const auto entry = [adjoint](const std::vector<double>& matrix, const BlurAxis& axis,
                               int64_t to, int64_t from) {
    return matrix[adjoint ? from * axis.size + to : to * axis.size + from];
  };
  std::vector<double> rows(batch * height * from_width * channels, 0.0);
  std::vector<double> result(batch * height * width * channels, 0.0);
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t to = 0; to < height; ++to) {
      for (int64_t from = 0; from < from_height; ++from) {
        const double weight = entry(vertical, y, to, from);
        for (int64_t at = 0; weight != 0 && at < from_width * channels; ++at) {
          rows[(b * height + to) * from_width * channels + at] +=
              weight * images[(b * from_height + from) * from_width * channels + at];
        }
      }
    }
  }
  for (int64_t line = 0; line < batch * height; ++line) {
    for (int64_t to = 0; to < width; ++to) {
      for (int64_t from = 0; from < from_width; ++from) {
        const double weight = entry(horizontal, x, to, from);
        for (int64_t c = 0; weight != 0 && c < channels; ++c) {
          result[(line * width + to) * channels + c] +=
              weight * rows[(line * from_width + from) * channels + c];
        }
      }
    }
  }
  return result;
}

class Scratch {
 public:
  explicit Scratch(int64_t bytes) : memory_(std::aligned_alloc(64, bytes)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(memory_); }
  void* get() const { return memory_; }

 private:
  void* memory_;
};

template <typename T>
void RoundOf(Random& random) {
  // The plain loops take about batch * height * width * (height + width) steps.
  const bool tall = random.OneIn(10);  // more than one block of the adjoint
  const int64_t height = random.Size(1, tall ? 400 : 50);
  const int64_t width = random.Size(1, tall ? 10 : 50);
  const int64_t channels = 1 + random.Below(random.OneIn(10) ? 40 : 4);
  const int64_t batch = 1 + random.Below(3);
  const int64_t factor = 1 + random.Below(random.OneIn(5) ? 40 : 5);
  const BlurBorder border =
      random.OneIn(2) ? BlurBorder::kCircular : BlurBorder::kReflect;
  const BlurAxis y = RandomAxis(random, height, factor, border);
  const BlurAxis x = RandomAxis(random, width, factor, border);
  Tight<T> kernel_y = RandomReals<T>(random, y.taps);
  Tight<T> kernel_x = RandomReals<T>(random, x.taps);
  Tight<T> images = RandomReals<T>(random, batch * height * width * channels);
  Tight<T> signals = RandomReals<T>(random, batch * y.out * x.out * channels);
  Tight<T> out(random, signals.size()), back(random, images.size());
  const BlurDownsamplePlan plan =
      gencs::MakeBlurDownsamplePlan<T>(y, x, channels, batch, 1 + random.Below(8));
  InThreads(random, batch * y.out, [&](int64_t begin, int64_t end) {
    const Scratch workspace(plan.bytes);
    gencs::BlurDownsample(begin, end, images.data(), kernel_y.data(), kernel_x.data(),
                          plan, workspace.get(), out.data());
  });
  InThreads(random, batch * plan.blocks, [&](int64_t begin, int64_t end) {
    const Scratch workspace(plan.bytes);
    gencs::BlurDownsampleAdjoint(begin, end, signals.data(), kernel_y.data(),
                                 kernel_x.data(), plan, workspace.get(), back.data());
  });

  const std::string shape =
      std::to_string(batch) + " images of " + std::to_string(height) + " x " +
      std::to_string(width) + " x " + std::to_string(channels) + ", taps " +
      std::to_string(y.taps) + " x " + std::to_string(x.taps) + ", factors " +
      std::to_string(y.factor) + " x " + std::to_string(x.factor) +
      (border == BlurBorder::kReflect ? ", reflected" : ", circular");
  for (const bool adjoint : {false, true}) {
    Tight<T>& from = adjoint ? signals : images;
    Tight<T>& to = adjoint ? back : out;
    std::vector<double> values(from.data(), from.data() + from.size());
    const std::vector<double> exact =
        Apply(values, batch, channels, Matrix(kernel_y, y, false),
              Matrix(kernel_x, x, false), y, x, adjoint);
    for (double& value : values) {
      value = std::abs(value);
    }
    const std::vector<double> magnitude =
        Apply(values, batch, channels, Matrix(kernel_y, y, true),
              Matrix(kernel_x, x, true), y, x, adjoint);
    Expect(static_cast<int64_t>(exact.size()) == to.size(), "size, " + shape);
    for (int64_t i = 0; i < to.size(); ++i) {
      ExpectClose(to[i], exact[i], Epsilon<T>() * (y.taps + x.taps + 2) * magnitude[i],
                  (adjoint ? "back, " : "out, ") + shape);
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

const Fuzzer fuzzer("blur_downsample", &Round);

}  // namespace
}  // namespace gencs_fuzz
