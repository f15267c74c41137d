#include "cc/core/blur_downsample.h"

#include <algorithm>

#include "cc/core/isa.h"

namespace gencs {

#define GENCS_DECLARE(T)                                                              \
  void BlurDownsample(int64_t begin, int64_t end, const T* images, const T* kernel_y, \
                      const T* kernel_x, const BlurDownsamplePlan& plan,              \
                      void* workspace, T* out);                                       \
  void BlurDownsampleAdjoint(                                                         \
      int64_t begin, int64_t end, const T* y, const T* kernel_y, const T* kernel_x,   \
      const BlurDownsamplePlan& plan, void* workspace, T* images);
GENCS_DECLARE_FOR_ISAS(GENCS_DECLARE)
#undef GENCS_DECLARE

namespace {

constexpr int64_t kMaxLanes = 16;  // of the widest vector: 16 floats
// A block of the adjoint keeps its widened rows of y within the L2 cache, but
// holds enough of them that those at its borders, made twice, count for little.
constexpr int64_t kBlockBytes = 192 * 1024;
constexpr int64_t kMinBlockOutputs = 32;

int64_t CeilDivide(int64_t a, int64_t b) { return a / b + (a % b != 0); }

// The most rows of y that the rows of a block are made of: those that reach the
// block itself, and those that reach it folded at either border.
int64_t MaxLines(const BlurAxis& y, int64_t block_rows) {
  const auto touching = [&y](int64_t rows) { return (rows + y.taps) / y.factor + 2; };
  const int64_t lines = touching(block_rows) +
                        touching(std::min(block_rows, y.before)) +
                        touching(std::min(block_rows, y.after));
  return std::min(y.out, lines);
}

}  // namespace

BlurAxis MakeBlurAxis(int64_t size, int64_t factor, int64_t taps, BlurBorder border) {
  BlurAxis axis{};
  axis.size = size;
  axis.out = CeilDivide(size, factor);
  axis.factor = factor;
  axis.taps = taps;
  axis.border = border;
  const int64_t surplus = factor - taps;
  axis.offset = surplus >= 0 ? surplus / 2 : -((1 - surplus) / 2);
  // Of the last output, behind the image; in this order nothing can overflow.
  const int64_t first = (axis.out - 1) * factor - size + axis.offset;
  axis.before = std::max<int64_t>(0, -axis.offset);
  axis.after = std::max<int64_t>(0, first + taps);
  return axis;
}

int64_t BlurMaxReach(const BlurAxis& axis) {
  return axis.border == BlurBorder::kCircular ? axis.size : axis.size - 1;
}

template <typename T>
BlurDownsamplePlan MakeBlurDownsamplePlan(const BlurAxis& y,
                                          const BlurAxis& x,
                                          int64_t channels,
                                          int64_t batch,
                                          int64_t threads) {
  BlurDownsamplePlan plan{};
  plan.y = y;
  plan.x = x;
  plan.channels = channels;
  plan.pitch = CeilDivide(x.size * channels, kMaxLanes) * kMaxLanes;
  const int64_t line_bytes = plan.pitch * sizeof(T);
  const int64_t fitting = std::max(kMinBlockOutputs, kBlockBytes / line_bytes);
  const int64_t fair = CeilDivide(y.out * batch, 2 * threads);
  const int64_t outputs = std::min({y.out, fitting, std::max(kMinBlockOutputs, fair)});
  plan.block_rows = CeilDivide(y.size, CeilDivide(y.out, outputs));
  plan.blocks = CeilDivide(y.size, plan.block_rows);
  plan.max_lines = MaxLines(y, plan.block_rows);
  plan.max_terms = 3 * (y.taps / y.factor + 1);

  const auto reserve = [&plan](int64_t bytes) {
    const int64_t start = plan.bytes;
    plan.bytes += CeilDivide(bytes, 64) * 64;
    return start;
  };
  // A panel has a vector for each of these columns, and some that are read only.
  const auto panel = [&](int64_t pixels) {
    return reserve((pixels * channels + kMaxLanes) * kMaxLanes * sizeof(T));
  };
  plan.rows = reserve(std::max(y.taps, plan.max_terms) * sizeof(T*));
  const int64_t terms = plan.block_rows * plan.max_terms;
  const int64_t integers = y.out + plan.max_lines + plan.block_rows + terms;
  plan.terms = reserve(integers * sizeof(int64_t) + terms * sizeof(T));
  plan.wide = panel(x.before + x.size + x.after);
  plan.narrow = panel(x.out + 2 * (x.taps / x.factor));
  plan.lines = reserve(std::max(plan.max_lines, kMaxLanes) * line_bytes);
  return plan;
}

int64_t BlurRowCost(const BlurDownsamplePlan& plan) {
  const double row = static_cast<double>(plan.x.size) * plan.channels;
  const double out = static_cast<double>(plan.x.out) * plan.channels;
  // Measured at about 24 products, or 6 values moved, per nanosecond.
  return static_cast<int64_t>((row * plan.y.taps + out * plan.x.taps) / 24 +
                              (row + out) / 6) +
         20;
}

int64_t BlurBlockCost(const BlurDownsamplePlan& plan) {
  return BlurRowCost(plan) * CeilDivide(plan.block_rows, plan.y.factor);
}

template <typename T>
void BlurDownsample(int64_t begin,
                    int64_t end,
                    const T* images,
                    const T* kernel_y,
                    const T* kernel_x,
                    const BlurDownsamplePlan& plan,
                    void* workspace,
                    T* out) {
  GENCS_FOR_BEST_ISA(
      BlurDownsample(begin, end, images, kernel_y, kernel_x, plan, workspace, out));
}

template <typename T>
void BlurDownsampleAdjoint(int64_t begin,
                           int64_t end,
                           const T* y,
                           const T* kernel_y,
                           const T* kernel_x,
                           const BlurDownsamplePlan& plan,
                           void* workspace,
                           T* images) {
  GENCS_FOR_BEST_ISA(BlurDownsampleAdjoint(begin, end, y, kernel_y, kernel_x, plan,
                                           workspace, images));
}

#define GENCS_INSTANTIATE(T)                                                         \
  template BlurDownsamplePlan MakeBlurDownsamplePlan<T>(                             \
      const BlurAxis&, const BlurAxis&, int64_t, int64_t, int64_t);                  \
  template void BlurDownsample<T>(int64_t, int64_t, const T*, const T*, const T*,    \
                                  const BlurDownsamplePlan&, void*, T*);             \
  template void BlurDownsampleAdjoint<T>(int64_t, int64_t, const T*, const T*,       \
                                         const T*, const BlurDownsamplePlan&, void*, \
                                         T*);
GENCS_INSTANTIATE(float)
GENCS_INSTANTIATE(double)
#undef GENCS_INSTANTIATE

}  // namespace gencs
