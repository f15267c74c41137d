// Blur and downsampling for one instruction set; see isa.h for the rules that
// hold in this file.
//
// The vertical pass adds whole rows, the horizontal one goes over panels; see
// blur_panels.h.
//
// Parts of the workspace:
//   rows       pointers to the rows that a vertical pass adds
//   terms      of the adjoint: what the rows of a block are made of
//   wide       panel of image columns, with what taps reach beside the image
//   narrow     panel of output columns, with zeros beside it for the adjoint
//   lines      rows between the passes, padded to whole vectors
#include <cstdint>

#include "cc/core/blur_downsample.h"
#include "cc/core/blur_panels.h"
#include "cc/core/isa.h"
#include "cc/core/simd.h"

namespace gencs {
namespace GENCS_ISA {
namespace {

// Where position p of an axis is found in the image.
GENCS_INLINE int64_t Fold(const BlurAxis& axis, int64_t p) {
  const bool circular = axis.border == BlurBorder::kCircular;
  if (p < 0) {
    return circular ? p + axis.size : -p;
  }
  if (p >= axis.size) {
    return circular ? p - axis.size : 2 * (axis.size - 1) - p;
  }
  return p;
}

// The part `offset` of the workspace.
template <typename P>
GENCS_INLINE P* Part(void* workspace, int64_t offset) {
  return reinterpret_cast<P*>(static_cast<char*>(workspace) + offset);
}

template <typename T>
void MeasureRows(int64_t begin,
                 int64_t end,
                 const T* images,
                 const T* kernel_y,
                 const T* kernel_x,
                 const BlurDownsamplePlan& plan,
                 void* workspace,
                 T* out) {
  using S = Simd<T>;
  const BlurAxis y = plan.y, x = plan.x;
  const int64_t pixel = plan.channels * S::kWidth;  // of a panel
  const int64_t columns = x.size * plan.channels;
  const int64_t columns_out = x.out * plan.channels;
  const T** rows = Part<const T*>(workspace, plan.rows);
  T* lines = Part<T>(workspace, plan.lines);
  T* narrow = Part<T>(workspace, plan.narrow);
  T* wide = Part<T>(workspace, plan.wide) + x.before * pixel;  // of position 0
  const Taps<T> taps{kernel_x, 1, pixel, x.taps};
  const int64_t rightmost = (x.out - 1) * x.factor + x.offset + x.taps;

  int64_t in_image = begin % y.out;  // counted on: a division takes longer than a tap
  const T* image = images + begin / y.out * y.size * columns;
  for (int64_t row = begin; row < end; row += S::kWidth) {
    const int lanes = end - row < S::kWidth ? end - row : S::kWidth;
    const T* made[S::kWidth];
    T* to[S::kWidth];
    for (int r = 0; r < S::kWidth; ++r) {
      if (r >= lanes) {
        made[r] = made[lanes - 1];  // an idle lane
        continue;
      }
      const int64_t first = in_image * y.factor + y.offset;
      for (int64_t i = 0; i < y.taps; ++i) {
        rows[i] = image + Fold(y, first + i) * columns;
      }
      AddAllRows(rows, kernel_y, y.taps, columns, lines + r * plan.pitch);
      made[r] = lines + r * plan.pitch;
      to[r] = out + (row + r) * columns_out;
      if (++in_image == y.out) {
        in_image = 0;
        image += y.size * columns;
      }
    }
    RowsToPanel(made, columns, wide);
    for (int64_t p = -x.before; p < 0; ++p) {
      MovePixel<false>(wide + Fold(x, p) * pixel, pixel, wide + p * pixel);
    }
    for (int64_t p = x.size; p < rightmost; ++p) {
      MovePixel<false>(wide + Fold(x, p) * pixel, pixel, wide + p * pixel);
    }
    for (int64_t c = 0; c < pixel; c += S::kWidth) {
      SumManyTaps(taps, x.out, wide + x.offset * pixel + c, x.factor * pixel,
                  narrow + c, pixel);
    }
    PanelToRows(narrow, columns_out, to, lanes);
  }
}

// wide <- the transposed horizontal pass of narrow. Phase r of the result, the
// positions offset + r + f q, is a correlation of neighbouring output columns
// with every f-th tap. REQUIRES: zeros beside narrow,
// as many pixels as any phase has taps.
template <typename T>
void SpreadPanel(
    const T* narrow, const T* kernel_x, const BlurAxis& x, int64_t pixel, T* wide) {
  if (x.taps < x.factor) {  // else there are taps for every position
    const int64_t positions = x.before + x.size + x.after;
    __builtin_memset(wide - x.before * pixel, 0, positions * pixel * sizeof(T));
  }
  for (int64_t phase = 0; phase < x.factor && phase < x.taps; ++phase) {
    const int64_t count = (x.taps - 1 - phase) / x.factor + 1;
    const Taps<T> taps{kernel_x + phase, x.factor, -pixel, count};
    for (int64_t c = 0; c < pixel; c += Simd<T>::kWidth) {
      SumManyTaps(taps, x.out + count - 1, narrow + c, pixel,
                  wide + (x.offset + phase) * pixel + c, x.factor * pixel);
    }
  }
  for (int64_t p = -x.before; p < 0; ++p) {
    MovePixel<true>(wide + p * pixel, pixel, wide + Fold(x, p) * pixel);
  }
  for (int64_t p = x.size; p < x.size + x.after; ++p) {
    MovePixel<true>(wide + p * pixel, pixel, wide + Fold(x, p) * pixel);
  }
}

// Which rows of the output the position p of an image touches: [first, last].
struct Touching {
  int64_t first, last;
};
GENCS_INLINE Touching TouchingOutputs(const BlurAxis& y, int64_t p) {
  const int64_t tap = p - y.offset;  // of output 0
  const int64_t over = tap - y.taps + 1;
  Touching range;
  range.first = over > 0 ? (over + y.factor - 1) / y.factor : 0;
  range.last = tap < 0 ? -1 : tap / y.factor;
  range.last = range.last < y.out ? range.last : y.out - 1;
  return range;
}

// Writes the positions that fold to `row`, itself included; returns how many.
GENCS_INLINE int Unfold(const BlurAxis& y, int64_t row, int64_t* positions) {
  const bool circular = y.border == BlurBorder::kCircular;
  int count = 0;
  positions[count++] = row;
  const int64_t above = circular ? row - y.size : -row;
  if (above < 0 && above >= -y.before) {
    positions[count++] = above;
  }
  const int64_t below = circular ? row + y.size : 2 * (y.size - 1) - row;
  if (below >= y.size && below < y.size + y.after) {
    positions[count++] = below;
  }
  return count;
}

// What the rows of one block of images are made of.
template <typename T>
struct BlockTerms {
  int64_t* line_of;    // [y.out]: which line an output row becomes, or -1
  int64_t* output_of;  // [lines]: the reverse
  int64_t* ends;       // [block_rows]: where the terms of a row end
  int64_t* starts;     // [terms]: where the line of a term starts
  T* weights;          // [terms]
  int64_t lines;

  BlockTerms(const BlurDownsamplePlan& plan, void* workspace) {
    line_of = Part<int64_t>(workspace, plan.terms);
    output_of = line_of + plan.y.out;
    ends = output_of + plan.max_lines;
    starts = ends + plan.block_rows;
    weights = reinterpret_cast<T*>(starts + plan.max_terms * plan.block_rows);
    lines = 0;
  }

  void Make(const BlurDownsamplePlan& plan,
            int64_t top,
            int64_t rows,
            const T* kernel_y) {
    const BlurAxis& y = plan.y;
    for (int64_t o = 0; o < y.out; ++o) {
      line_of[o] = -1;
    }
    lines = 0;
    int64_t term = 0;
    for (int64_t row = 0; row < rows; ++row) {
      int64_t positions[3];
      const int count = Unfold(y, top + row, positions);
      for (int k = 0; k < count; ++k) {
        const Touching range = TouchingOutputs(y, positions[k]);
        for (int64_t o = range.first; o <= range.last; ++o) {
          if (line_of[o] < 0) {
            output_of[lines] = o;
            line_of[o] = lines++;
          }
          starts[term] = line_of[o] * plan.pitch;
          weights[term++] = kernel_y[positions[k] - y.offset - o * y.factor];
        }
      }
      ends[row] = term;
    }
  }
};

template <typename T>
void AdjointBlocks(int64_t begin,
                   int64_t end,
                   const T* y_in,
                   const T* kernel_y,
                   const T* kernel_x,
                   const BlurDownsamplePlan& plan,
                   void* workspace,
                   T* images) {
  using S = Simd<T>;
  const BlurAxis y = plan.y, x = plan.x;
  const int64_t pixel = plan.channels * S::kWidth;
  const int64_t columns = x.size * plan.channels;
  const int64_t columns_out = x.out * plan.channels;
  const int64_t margin = x.taps / x.factor * pixel;
  const T** rows = Part<const T*>(workspace, plan.rows);
  T* wide = Part<T>(workspace, plan.wide) + x.before * pixel;
  T* narrow = Part<T>(workspace, plan.narrow) + margin;
  T* lines = Part<T>(workspace, plan.lines);
  BlockTerms<T> terms(plan, workspace);
  int64_t known = -1;  // the block within an image that `terms` describes
  __builtin_memset(narrow - margin, 0, margin * sizeof(T));
  __builtin_memset(narrow + x.out * pixel, 0, margin * sizeof(T));

  for (int64_t block = begin; block < end; ++block) {
    const int64_t image = block / plan.blocks, index = block - image * plan.blocks;
    const int64_t top = index * plan.block_rows;
    const int64_t rest = y.size - top;
    const int64_t count = rest < plan.block_rows ? rest : plan.block_rows;
    if (index != known) {
      terms.Make(plan, top, count, kernel_y);
      known = index;
    }

    for (int64_t line = 0; line < terms.lines; line += S::kWidth) {
      const int64_t left = terms.lines - line;
      const int lanes = left < S::kWidth ? left : S::kWidth;
      const T* from[S::kWidth];
      T* to[S::kWidth];
      for (int r = 0; r < S::kWidth; ++r) {
        const int64_t at = line + (r < lanes ? r : lanes - 1);  // else idle
        from[r] = y_in + (image * y.out + terms.output_of[at]) * columns_out;
        to[r] = lines + at * plan.pitch;
      }
      RowsToPanel(from, columns_out, narrow);
      SpreadPanel(narrow, kernel_x, x, pixel, wide);
      PanelToRows(wide, columns, to, lanes);
    }

    int64_t term = 0;
    for (int64_t row = 0; row < count; ++row) {
      const T* weights = terms.weights + term;
      int64_t added = 0;
      for (; term < terms.ends[row]; ++term) {
        rows[added++] = lines + terms.starts[term];
      }
      AddAllRows(rows, weights, added, columns,
                 images + (image * y.size + top + row) * columns);
    }
  }
}

}  // namespace

#define GENCS_DEFINE(T)                                                               \
  void BlurDownsample(int64_t begin, int64_t end, const T* images, const T* kernel_y, \
                      const T* kernel_x, const BlurDownsamplePlan& plan,              \
                      void* workspace, T* out) {                                      \
    MeasureRows(begin, end, images, kernel_y, kernel_x, plan, workspace, out);        \
  }                                                                                   \
  void BlurDownsampleAdjoint(                                                         \
      int64_t begin, int64_t end, const T* y, const T* kernel_y, const T* kernel_x,   \
      const BlurDownsamplePlan& plan, void* workspace, T* images) {                   \
    AdjointBlocks(begin, end, y, kernel_y, kernel_x, plan, workspace, images);        \
  }
GENCS_DEFINE(float)
GENCS_DEFINE(double)

}  // namespace GENCS_ISA
}  // namespace gencs
