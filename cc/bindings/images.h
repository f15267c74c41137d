// Bindings of the measurements of images: masks, blur and downsampling.
#ifndef GENCS_BINDINGS_IMAGES_H_
#define GENCS_BINDINGS_IMAGES_H_

#include <algorithm>
#include <string>

#include "cc/bindings/arrays.h"
#include "cc/core/blur_downsample.h"
#include "cc/core/mask.h"

#if GENCS_WITH_CUDA
#include "cc/bindings/cuda.h"
#include "cc/cuda/blur_downsample.h"
#include "cc/cuda/mask.h"
#endif

namespace gencs {

struct MaskShape {
  int64_t batch, n;
  MaskRows rows;
};

// n < 0 takes it from the input.
template <typename T>
MaskShape CheckMask(const std::string& name,
                    const Array<T>& input,
                    const Array<int32_t>& rows,
                    int64_t n) {
  CheckRank(name, input, 2);
  if (rows.ndim() != 1 && rows.ndim() != 2) {
    Refuse("rows", "have rank 1 or 2", rows.ndim());
  }
  const bool own = rows.ndim() == 2;
  const int64_t m = rows.shape(own ? 1 : 0);
  MaskShape shape{input.shape(0), n < 0 ? input.shape(1) : n,
                  MaskRows{rows.data(), m, own}};
  if (own) {
    CheckShape("rows", rows, {shape.batch, m});
  }
  if (n >= 0) {
    CheckShape(name, input, {shape.batch, m});
  }
  const int64_t outside = MaskFirstOutside(rows.data(), rows.size(), shape.n);
  if (outside >= 0) {
    Refuse("rows", "lie in [0, " + std::to_string(shape.n) + ")", rows.data()[outside]);
  }
  return shape;
}

template <typename T>
MaskShape CheckUnmask(const Array<T>& y, const Array<int32_t>& rows, int64_t n) {
  if (n < 0) {
    Refuse("signal_size", "be at least 0", n);
  }
  return CheckMask("y", y, rows, n);
}

template <typename T>
Array<T> Mask(const Array<T>& x, const Array<int32_t>& rows) {
  const MaskShape shape = CheckMask("x", x, rows, -1);
  Array<T> y({shape.batch, shape.rows.m});
  MaskMeasure(0, shape.batch, x.data(), shape.rows, shape.n, y.mutable_data());
  return y;
}

template <typename T>
Array<T> Unmask(const Array<T>& y, const Array<int32_t>& rows, int64_t signal_size) {
  const MaskShape shape = CheckUnmask(y, rows, signal_size);
  Array<T> x({shape.batch, shape.n});
  MaskAdjoint(0, shape.batch, y.data(), shape.rows, shape.n, x.mutable_data());
  return x;
}

struct BlurShape {
  int64_t batch, channels;
  BlurAxis y, x;
};

// height and width of the images; below 0 takes them from the input.
template <typename T>
BlurShape CheckBlur(const std::string& name,
                    const Array<T>& input,
                    const Array<T>& kernel_y,
                    const Array<T>& kernel_x,
                    int64_t factor,
                    const std::string& border,
                    int64_t height,
                    int64_t width) {
  CheckRank(name, input, 4);
  if (factor < 1 || factor > kBlurMaxFactor) {
    Refuse("factor", "lie in [1, " + std::to_string(kBlurMaxFactor) + "]", factor);
  }
  if (border != "circular" && border != "reflect") {
    Refuse("border", "be circular or reflect", border);
  }
  const BlurBorder fold =
      border == "circular" ? BlurBorder::kCircular : BlurBorder::kReflect;
  const auto axis = [&](const char* kernel_name, const Array<T>& kernel, int64_t size) {
    if (kernel.ndim() != 1 || kernel.size() < 1) {
      Refuse(kernel_name, "have rank 1 and at least 1 entry", kernel.size());
    }
    const BlurAxis result = MakeBlurAxis(size, factor, kernel.size(), fold);
    if (size > 0 && std::max(result.before, result.after) > BlurMaxReach(result)) {
      Refuse(kernel_name,
             "reach at most " + std::to_string(BlurMaxReach(result)) +
                 " pixels outside the image",
             std::max(result.before, result.after));
    }
    return result;
  };
  const bool measure = height < 0;
  const BlurShape shape{input.shape(0), input.shape(3),
                        axis("kernel_y", kernel_y, measure ? input.shape(1) : height),
                        axis("kernel_x", kernel_x, measure ? input.shape(2) : width)};
  if (!measure) {
    CheckShape(name, input, {shape.batch, shape.y.out, shape.x.out, shape.channels});
  }
  return shape;
}

template <typename T>
BlurShape CheckUnblur(const Array<T>& y,
                      const Array<T>& kernel_y,
                      const Array<T>& kernel_x,
                      int64_t factor,
                      const std::string& border,
                      int64_t height,
                      int64_t width) {
  if (height < 0 || width < 0) {
    Refuse("height` and `width", "be at least 0", std::min(height, width));
  }
  return CheckBlur("y", y, kernel_y, kernel_x, factor, border, height, width);
}

// `threads` decides how small the blocks of the adjoint may be.
constexpr int64_t kBlurBindingThreads = 8;

template <typename T>
Array<T> Blur(const Array<T>& images,
              const Array<T>& kernel_y,
              const Array<T>& kernel_x,
              int64_t factor,
              const std::string& border) {
  const BlurShape shape =
      CheckBlur("images", images, kernel_y, kernel_x, factor, border, -1, -1);
  Array<T> out({shape.batch, shape.y.out, shape.x.out, shape.channels});
  if (out.size() > 0) {
    const BlurDownsamplePlan plan = MakeBlurDownsamplePlan<T>(
        shape.y, shape.x, shape.channels, shape.batch, kBlurBindingThreads);
    BlurDownsample(0, shape.batch * shape.y.out, images.data(), kernel_y.data(),
                   kernel_x.data(), plan, Scratch<void>(plan.bytes).get(),
                   out.mutable_data());
  }
  return out;
}

template <typename T>
Array<T> Unblur(const Array<T>& y,
                const Array<T>& kernel_y,
                const Array<T>& kernel_x,
                int64_t factor,
                const std::string& border,
                int64_t height,
                int64_t width) {
  const BlurShape shape =
      CheckUnblur(y, kernel_y, kernel_x, factor, border, height, width);
  Array<T> images({shape.batch, height, width, shape.channels});
  if (images.size() > 0) {
    const BlurDownsamplePlan plan = MakeBlurDownsamplePlan<T>(
        shape.y, shape.x, shape.channels, shape.batch, kBlurBindingThreads);
    BlurDownsampleAdjoint(0, shape.batch * plan.blocks, y.data(), kernel_y.data(),
                          kernel_x.data(), plan, Scratch<void>(plan.bytes).get(),
                          images.mutable_data());
  }
  return images;
}

#if GENCS_WITH_CUDA
template <typename T>
Array<T> CudaMask(const Array<T>& x, const Array<int32_t>& rows) {
  MaskShape shape = CheckMask("x", x, rows, -1);
  Array<T> y({shape.batch, shape.rows.m});
  DeviceArray<T> from(x), to(y.size());
  DeviceArray<int32_t> device_rows(rows);
  shape.rows.rows = device_rows.get();
  CudaCheck(cuda::LaunchMaskMeasure(nullptr, from.get(), shape.rows, shape.batch,
                                    shape.n, to.get()));
  to.CopyTo(&y);
  return y;
}

template <typename T>
Array<T> CudaUnmask(const Array<T>& y,
                    const Array<int32_t>& rows,
                    int64_t signal_size) {
  MaskShape shape = CheckUnmask(y, rows, signal_size);
  Array<T> x({shape.batch, shape.n});
  DeviceArray<T> from(y), to(x.size());
  DeviceArray<int32_t> device_rows(rows);
  DeviceArray<int32_t> workspace(2 * (shape.rows.own ? shape.batch : 1) * shape.n);
  shape.rows.rows = device_rows.get();
  CudaCheck(cuda::LaunchMaskAdjoint(nullptr, from.get(), shape.rows, shape.batch,
                                    shape.n, workspace.get(), to.get()));
  to.CopyTo(&x);
  return x;
}

template <typename T, typename Launch>
Array<T> CudaBlurWith(Launch launch,
                      const BlurShape& shape,
                      const Array<T>& input,
                      const Array<T>& kernel_y,
                      const Array<T>& kernel_x,
                      Array<T> output) {
  if (output.size() > 0) {
    DeviceArray<T> from(input), vertical(kernel_y), horizontal(kernel_x),
        to(output.size()),
        workspace(shape.batch * shape.y.out * shape.x.size * shape.channels);
    CudaCheck(launch(nullptr, from.get(), vertical.get(), horizontal.get(), shape.y,
                     shape.x, shape.batch, shape.channels, workspace.get(), to.get()));
    to.CopyTo(&output);
  }
  return output;
}

template <typename T>
Array<T> CudaBlur(const Array<T>& images,
                  const Array<T>& kernel_y,
                  const Array<T>& kernel_x,
                  int64_t factor,
                  const std::string& border) {
  const BlurShape shape =
      CheckBlur("images", images, kernel_y, kernel_x, factor, border, -1, -1);
  return CudaBlurWith(
      cuda::LaunchBlurDownsample<T>, shape, images, kernel_y, kernel_x,
      Array<T>({shape.batch, shape.y.out, shape.x.out, shape.channels}));
}

template <typename T>
Array<T> CudaUnblur(const Array<T>& y,
                    const Array<T>& kernel_y,
                    const Array<T>& kernel_x,
                    int64_t factor,
                    const std::string& border,
                    int64_t height,
                    int64_t width) {
  const BlurShape shape =
      CheckUnblur(y, kernel_y, kernel_x, factor, border, height, width);
  return CudaBlurWith(cuda::LaunchBlurDownsampleAdjoint<T>, shape, y, kernel_y,
                      kernel_x, Array<T>({shape.batch, height, width, shape.channels}));
}
#endif  // GENCS_WITH_CUDA

template <typename T>
void DefineImages(pybind11::module_& module) {
  using pybind11::arg;
  const auto define = [&module](const std::string& device, auto mask, auto unmask,
                                auto blur, auto unblur) {
    module.def((device + "mask_measure").c_str(), mask, arg("x").noconvert(),
               arg("rows").noconvert(),
               "y (batch, m) from x (batch, n), rows int32 (m,) or (batch, m).");
    module.def((device + "mask_adjoint").c_str(), unmask, arg("y").noconvert(),
               arg("rows").noconvert(), arg("signal_size"),
               "The transpose of mask_measure.");
    module.def((device + "blur_downsample").c_str(), blur, arg("images").noconvert(),
               arg("kernel_y").noconvert(), arg("kernel_x").noconvert(), arg("factor"),
               arg("border"), "Images (batch, height, width, channels), made smaller.");
    module.def((device + "blur_downsample_adjoint").c_str(), unblur,
               arg("y").noconvert(), arg("kernel_y").noconvert(),
               arg("kernel_x").noconvert(), arg("factor"), arg("border"), arg("height"),
               arg("width"), "The transpose of blur_downsample.");
  };
  define("", &Mask<T>, &Unmask<T>, &Blur<T>, &Unblur<T>);
#if GENCS_WITH_CUDA
  define("cuda_", &CudaMask<T>, &CudaUnmask<T>, &CudaBlur<T>, &CudaUnblur<T>);
#endif
}

}  // namespace gencs

#endif  // GENCS_BINDINGS_IMAGES_H_
