// Separable blur and downsampling of images, and the transpose, for CPUs:
//
//   out[b, oy, ox, c] = sum_ij kernel_y[i] kernel_x[j]
//                              images[b, Y(f oy + i + ty), X(f ox + j + tx), c],
//
// with t = floor((f - taps) / 2) per axis. Y and X fold positions outside an
// image back into it: circularly, or by reflection without repeating the edge.
// The kernel is correlated, not flipped.
//
// The code is compiled once per instruction set (blur_downsample_simd.cc) and
// the best one the processor has is picked at run time.
#ifndef GENCS_CORE_BLUR_DOWNSAMPLE_H_
#define GENCS_CORE_BLUR_DOWNSAMPLE_H_

#include <cstdint>

namespace gencs {

// The largest factor.
constexpr int64_t kBlurMaxFactor = int64_t{1} << 30;

enum class BlurBorder { kCircular, kReflect };

// How one axis of the images is blurred and downsampled.
struct BlurAxis {
  int64_t size;           // of the images
  int64_t out;            // ceil(size / factor)
  int64_t factor;         // f
  int64_t taps;           // length of the kernel
  int64_t offset;         // t: where the first tap of output 0 lies
  int64_t before, after;  // how many positions taps reach outside the image
  BlurBorder border;
};

// REQUIRES: 0 <= size, 1 <= factor <= kBlurMaxFactor, 1 <= taps.
BlurAxis MakeBlurAxis(int64_t size, int64_t factor, int64_t taps, BlurBorder border);

// The most positions that taps may reach outside the image on a side, so that
// folding once ends inside: `size` positions circularly, `size - 1` reflected.
int64_t BlurMaxReach(const BlurAxis& axis);

// What a call needs to know: sizes, and where its parts of the workspace begin,
// in bytes. See blur_downsample_simd.cc for what the parts hold.
struct BlurDownsamplePlan {
  BlurAxis y, x;
  int64_t channels;
  int64_t block_rows;  // rows of an image that the adjoint makes at a time
  int64_t blocks;      // per image
  int64_t pitch;       // of rows in the workspace
  int64_t max_lines;   // output rows that a block is made of, at most
  int64_t max_terms;   // of them that a row is made of, repeats counted, at most
  int64_t rows, terms, wide, narrow, lines;
  int64_t bytes;  // the whole workspace
};

// REQUIRES: no empty dimension; both axes reach at most BlurMaxReach.
//
// \param batch    How many images there are ...
// \param threads  ... for so many threads: with few images, blocks are smaller.
template <typename T>
BlurDownsamplePlan MakeBlurDownsamplePlan(const BlurAxis& y,
                                          const BlurAxis& x,
                                          int64_t channels,
                                          int64_t batch,
                                          int64_t threads);

// How many neighbouring output rows share most work: cut batches there.
constexpr int64_t kBlurPanelRows = 16;

// Makes the rows [begin, end) of the batch * y.out rows of the output.
//
// \param images     The shape is [batch, y.size, x.size, channels].
// \param kernel_y   The shape is [y.taps].
// \param kernel_x   The shape is [x.taps].
// \param workspace  Scratch of plan.bytes, 64-byte aligned.
// \param out        The shape is [batch, y.out, x.out, channels].
template <typename T>
void BlurDownsample(int64_t begin,
                    int64_t end,
                    const T* images,
                    const T* kernel_y,
                    const T* kernel_x,
                    const BlurDownsamplePlan& plan,
                    void* workspace,
                    T* out);

// Applies the exact transpose: makes the blocks [begin, end) of the
// batch * plan.blocks blocks of images. The parameters are those of
// BlurDownsample, with `out`, here `y`, read and `images` written.
template <typename T>
void BlurDownsampleAdjoint(int64_t begin,
                           int64_t end,
                           const T* y,
                           const T* kernel_y,
                           const T* kernel_x,
                           const BlurDownsamplePlan& plan,
                           void* workspace,
                           T* images);

// About how many nanoseconds an output row, or a block of the adjoint, takes.
int64_t BlurRowCost(const BlurDownsamplePlan& plan);
int64_t BlurBlockCost(const BlurDownsamplePlan& plan);

}  // namespace gencs

#endif  // GENCS_CORE_BLUR_DOWNSAMPLE_H_
