#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace gencs {
namespace {

using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

// out <- ceil(size / factor), as far as it is known.
absl::Status Downsampled(InferenceContext* c,
                         DimensionHandle size,
                         DimensionHandle* out) {
  int64_t factor;
  TF_RETURN_IF_ERROR(c->GetAttr("factor", &factor));
  if (!c->ValueKnown(size) || factor < 1) {
    *out = c->UnknownDim();
    return absl::OkStatus();
  }
  const int64_t value = c->Value(size);
  *out = c->MakeDim(value / factor + (value % factor != 0));
  return absl::OkStatus();
}

absl::Status KernelShapes(InferenceContext* c) {
  ShapeHandle unused;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 1, &unused));
  return c->WithRank(c->input(2), 1, &unused);
}

REGISTER_OP("Gencs>BlurDownsample")
    .Input("images: T")
    .Input("kernel_y: T")
    .Input("kernel_x: T")
    .Output("y: T")
    .Attr("factor: int >= 1")
    .Attr("border: {'circular', 'reflect'} = 'circular'")
    .Attr("T: {float, double}")
    .SetShapeFn([](InferenceContext* c) {
      ShapeHandle images;
      DimensionHandle height, width;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &images));
      TF_RETURN_IF_ERROR(KernelShapes(c));
      TF_RETURN_IF_ERROR(Downsampled(c, c->Dim(images, 1), &height));
      TF_RETURN_IF_ERROR(Downsampled(c, c->Dim(images, 2), &width));
      c->set_output(
          0, c->MakeShape({c->Dim(images, 0), height, width, c->Dim(images, 3)}));
      return absl::OkStatus();
    })
    .Doc(R"doc(
Blurs images by a separable kernel and keeps every factor-th pixel of each axis.

y[b, oy, ox, c] = sum_ij kernel_y[i] kernel_x[j] images[b, Y(factor * oy + i + ty),
X(factor * ox + j + tx), c] with t = floor((factor - taps) / 2), so that a kernel whose
length is odd or even like the factor is centred on its block of factor pixels. Y and X
fold positions outside the image back into it. The kernel is correlated, not flipped.

images: Images of shape [batch, height, width, channels].
kernel_y: Vertical kernel of shape [taps_y], not empty.
kernel_x: Horizontal kernel of shape [taps_x], not empty.
factor: From 1 to 2^30.
border: Outside the image, 'circular' continues at the opposite border; 'reflect' goes
  back without repeating the border pixel. Taps must not reach further outside than
  `size` pixels circularly, or `size - 1` reflected.
y: Images of shape [batch, ceil(height / factor), ceil(width / factor), channels].
)doc");

REGISTER_OP("Gencs>BlurDownsampleAdjoint")
    .Input("y: T")
    .Input("kernel_y: T")
    .Input("kernel_x: T")
    .Output("images: T")
    .Attr("factor: int >= 1")
    .Attr("border: {'circular', 'reflect'} = 'circular'")
    .Attr("height: int >= 0")
    .Attr("width: int >= 0")
    .Attr("T: {float, double}")
    .SetShapeFn([](InferenceContext* c) {
      ShapeHandle y;
      DimensionHandle height, width, unused;
      int64_t rows, columns;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &y));
      TF_RETURN_IF_ERROR(KernelShapes(c));
      TF_RETURN_IF_ERROR(c->GetAttr("height", &rows));
      TF_RETURN_IF_ERROR(c->GetAttr("width", &columns));
      const DimensionHandle full_height = c->MakeDim(rows);
      const DimensionHandle full_width = c->MakeDim(columns);
      TF_RETURN_IF_ERROR(Downsampled(c, full_height, &height));
      TF_RETURN_IF_ERROR(Downsampled(c, full_width, &width));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(y, 1), height, &unused));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(y, 2), width, &unused));
      c->set_output(
          0, c->MakeShape({c->Dim(y, 0), full_height, full_width, c->Dim(y, 3)}));
      return absl::OkStatus();
    })
    .Doc(R"doc(
The exact transpose of BlurDownsample, from y back to images.

y: Images of shape [batch, ceil(height / factor), ceil(width / factor), channels].
kernel_y: Vertical kernel of shape [taps_y], not empty.
kernel_x: Horizontal kernel of shape [taps_x], not empty.
factor: As for BlurDownsample.
border: As for BlurDownsample.
height: Of the images.
width: Of the images.
images: Images of shape [batch, height, width, channels].
)doc");

}  // namespace
}  // namespace gencs
