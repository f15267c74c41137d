#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace gencs {
namespace {

using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

REGISTER_OP("Gencs>HadamardMeasure")
    .Input("x: T")
    .Input("signs: int8")
    .Input("rows: int32")
    .Output("y: T")
    .Attr("T: {float, double}")
    .SetShapeFn([](InferenceContext* c) {
      ShapeHandle x, signs, rows;
      DimensionHandle unused;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 2, &x));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 1, &signs));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(2), 1, &rows));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(x, 1), c->Dim(signs, 0), &unused));
      c->set_output(0, c->Matrix(c->Dim(x, 0), c->Dim(rows, 0)));
      return absl::OkStatus();
    })
    .Doc(R"doc(
Measures signals by a subsampled randomised Hadamard transform.

y[b, i] = sum_j H[rows[i], j] * signs[j] * x[b, j] / sqrt(m), with x padded by
zeros from n to N, the smallest size of the form 2^k or 12 * 2^k that is at least
n, and H the symmetric Hadamard matrix of order N: Sylvester's, or the Paley-II
matrix of order 12 times Sylvester's (Kronecker product).

x: Signals of shape [batch, n], n >= 1.
signs: Random signs, +1 or -1, of shape [n].
rows: Rows of H to measure, of shape [m], each in [0, N). On a CPU other values are
  an error; on a GPU, which cannot report one, they measure 0.
y: Measurements of shape [batch, m].
)doc");

REGISTER_OP("Gencs>HadamardAdjoint")
    .Input("y: T")
    .Input("signs: int8")
    .Input("rows: int32")
    .Output("x: T")
    .Attr("T: {float, double}")
    .SetShapeFn([](InferenceContext* c) {
      ShapeHandle y, signs, rows;
      DimensionHandle unused;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 2, &y));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 1, &signs));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(2), 1, &rows));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(y, 1), c->Dim(rows, 0), &unused));
      c->set_output(0, c->Matrix(c->Dim(y, 0), c->Dim(signs, 0)));
      return absl::OkStatus();
    })
    .Doc(R"doc(
The exact transpose of HadamardMeasure.

y: Measurements of shape [batch, m].
signs: Random signs, +1 or -1, of shape [n], n >= 1.
rows: Rows of H that were measured, of shape [m], each in [0, N); rows may repeat.
  On a CPU other values are an error; on a GPU they are skipped.
x: Signals of shape [batch, n].
)doc");

REGISTER_OP("Gencs>HadamardResidual")
    .Input("x: T")
    .Input("y: T")
    .Input("signs: int8")
    .Input("rows: int32")
    .Output("residual: T")
    .Output("back: T")
    .Attr("T: {float, double}")
    .SetShapeFn([](InferenceContext* c) {
      ShapeHandle x, y, signs, rows;
      DimensionHandle batch, n, m;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 2, &x));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 2, &y));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(2), 1, &signs));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(3), 1, &rows));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(x, 0), c->Dim(y, 0), &batch));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(x, 1), c->Dim(signs, 0), &n));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(y, 1), c->Dim(rows, 0), &m));
      c->set_output(0, c->Matrix(batch, m));
      c->set_output(1, c->Matrix(batch, n));
      return absl::OkStatus();
    })
    .Doc(R"doc(
HadamardMeasure, less y, and HadamardAdjoint of that, while a row is in the cache.

With A the operator of HadamardMeasure: residual = A x - y, and back = A^T (A x - y),
which is half the gradient in x of the sum of squares of the residual.

x: Signals of shape [batch, n], n >= 1.
y: Measurements of shape [batch, m].
signs: Random signs, +1 or -1, of shape [n].
rows: Rows of H to measure, of shape [m], each in [0, N); rows may repeat. On a CPU
  other values are an error; on a GPU they measure 0 and are skipped.
residual: Shape [batch, m].
back: Shape [batch, n].
)doc");

}  // namespace
}  // namespace gencs
