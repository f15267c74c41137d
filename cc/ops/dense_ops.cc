#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace gencs {
namespace {

using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

REGISTER_OP("Gencs>DenseResidual")
    .Input("matrix: T")
    .Input("x: T")
    .Input("y: T")
    .Output("residual: T")
    .Output("back: T")
    .Attr("T: {float, double}")
    .SetShapeFn([](InferenceContext* c) {
      ShapeHandle matrix, x, y;
      DimensionHandle batch, n, m;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 2, &matrix));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 2, &x));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(2), 2, &y));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(x, 0), c->Dim(y, 0), &batch));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(matrix, 0), c->Dim(y, 1), &m));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(matrix, 1), c->Dim(x, 1), &n));
      c->set_output(0, c->Matrix(batch, m));
      c->set_output(1, c->Matrix(batch, n));
      return absl::OkStatus();
    })
    .Doc(R"doc(
Measures signals by a matrix A, less y, and applies the transpose of A to that.

residual = A x - y, and back = A^T (A x - y), which is half the gradient in x of the
sum of squares of the residual. Both come from one pass over A.

matrix: A, of shape [m, n].
x: Signals of shape [batch, n].
y: Measurements of shape [batch, m].
residual: Shape [batch, m].
back: Shape [batch, n].
)doc");

}  // namespace
}  // namespace gencs
