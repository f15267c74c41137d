#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace gencs {
namespace {

using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

absl::Status CheckSeed(InferenceContext* c, int input) {
  ShapeHandle seed;
  DimensionHandle unused;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(input), 1, &seed));
  return c->WithValue(c->Dim(seed, 0), 2, &unused);
}

// [batch of input 0, the value of input 2].
absl::Status ProductShape(InferenceContext* c) {
  ShapeHandle signal;
  DimensionHandle size;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 2, &signal));
  TF_RETURN_IF_ERROR(CheckSeed(c, 1));
  TF_RETURN_IF_ERROR(c->MakeDimForScalarInput(2, &size));
  c->set_output(0, c->Matrix(c->Dim(signal, 0), size));
  return absl::OkStatus();
}

REGISTER_OP("Gencs>RandomMatrixMeasure")
    .Input("x: T")
    .Input("seed: int64")
    .Input("measurements: int64")
    .Output("y: T")
    .Attr("T: {float, double}")
    .Attr("distribution: {'gaussian', 'rademacher'}")
    .SetShapeFn(ProductShape)
    .Doc(R"doc(
Measures signals by a random matrix that is made on the spot and never stored.

y[b, i] = sum_j A[i, j] * x[b, j] with A[i, j] = W(seed; i, j) / sqrt(m). W comes
from Philox4x32-10 with key seed[0] and counter (block, i, seed[1]): independent
standard normal numbers, or signs +1 and -1.

x: Signals of shape [batch, n].
seed: Two integers.
measurements: The scalar m, from 0 to 2^31 - 1.
distribution: Of the entries of W.
y: Measurements of shape [batch, m].
)doc");

REGISTER_OP("Gencs>RandomMatrixAdjoint")
    .Input("y: T")
    .Input("seed: int64")
    .Input("signal_size: int64")
    .Output("x: T")
    .Attr("T: {float, double}")
    .Attr("distribution: {'gaussian', 'rademacher'}")
    .SetShapeFn(ProductShape)
    .Doc(R"doc(
The exact transpose of RandomMatrixMeasure: x[b, j] = sum_i A[i, j] * y[b, i].

y: Measurements of shape [batch, m].
seed: Two integers.
signal_size: The scalar n, from 0 to 2^31 - 1.
distribution: Of the entries of A.
x: Signals of shape [batch, n].
)doc");

REGISTER_OP("Gencs>RandomMatrix")
    .Input("seed: int64")
    .Input("shape: int64")
    .Output("a: T")
    .Attr("T: {float, double}")
    .Attr("distribution: {'gaussian', 'rademacher'}")
    .SetShapeFn([](InferenceContext* c) {
      ShapeHandle shape, matrix;
      TF_RETURN_IF_ERROR(CheckSeed(c, 0));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 1, &shape));
      TF_RETURN_IF_ERROR(c->MakeShapeFromShapeTensor(1, &matrix));
      TF_RETURN_IF_ERROR(c->WithRank(matrix, 2, &matrix));
      c->set_output(0, matrix);
      return absl::OkStatus();
    })
    .Doc(R"doc(
The matrix A of RandomMatrixMeasure, 1 / sqrt(m) included.

seed: Two integers.
shape: [m, n], each from 0 to 2^31 - 1.
distribution: Of the entries.
a: The matrix, of shape [m, n].
)doc");

}  // namespace
}  // namespace gencs
