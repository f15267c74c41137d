#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace gencs {
namespace {

using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

// Checks input and rows; tells batch and m, as far as they are known.
absl::Status MaskShapes(InferenceContext* c,
                        ShapeHandle* input,
                        DimensionHandle* batch,
                        DimensionHandle* m) {
  ShapeHandle rows = c->input(1);
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 2, input));
  TF_RETURN_IF_ERROR(c->WithRankAtLeast(rows, 1, &rows));
  TF_RETURN_IF_ERROR(c->WithRankAtMost(rows, 2, &rows));
  *batch = c->Dim(*input, 0);
  *m = c->UnknownDim();
  if (c->RankKnown(rows)) {
    *m = c->Dim(rows, -1);
    if (c->Rank(rows) == 2) {
      TF_RETURN_IF_ERROR(c->Merge(*batch, c->Dim(rows, 0), batch));
    }
  }
  return absl::OkStatus();
}

REGISTER_OP("Gencs>MaskMeasure")
    .Input("x: T")
    .Input("rows: int32")
    .Output("y: T")
    .Attr("T: {float, double}")
    .SetShapeFn([](InferenceContext* c) {
      ShapeHandle x;
      DimensionHandle batch, m;
      TF_RETURN_IF_ERROR(MaskShapes(c, &x, &batch, &m));
      c->set_output(0, c->Matrix(batch, m));
      return absl::OkStatus();
    })
    .Doc(R"doc(
Measures single values of signals.

y[b, i] = x[b, rows[i]], or x[b, rows[b, i]] where every signal has its own rows.

x: Signals of shape [batch, n].
rows: Which values are measured, of shape [m] or [batch, m], each in [0, n). On a CPU
  other values are an error; on a GPU, which cannot report one, they measure 0.
y: Measurements of shape [batch, m].
)doc");

REGISTER_OP("Gencs>MaskAdjoint")
    .Input("y: T")
    .Input("rows: int32")
    .Output("x: T")
    .Attr("signal_size: int >= 0")
    .Attr("T: {float, double}")
    .SetShapeFn([](InferenceContext* c) {
      ShapeHandle y;
      DimensionHandle batch, m;
      TF_RETURN_IF_ERROR(MaskShapes(c, &y, &batch, &m));
      TF_RETURN_IF_ERROR(c->Merge(c->Dim(y, 1), m, &m));
      int64_t signal_size;
      TF_RETURN_IF_ERROR(c->GetAttr("signal_size", &signal_size));
      c->set_output(0, c->Matrix(batch, c->MakeDim(signal_size)));
      return absl::OkStatus();
    })
    .Doc(R"doc(
The exact transpose of MaskMeasure.

y: Measurements of shape [batch, m].
rows: Which values were measured, of shape [m] or [batch, m], each in
  [0, signal_size); where rows repeat, their measurements add up. On a CPU other values
  are an error; on a GPU they are skipped.
signal_size: n.
x: Signals of shape [batch, n], 0 where nothing was measured.
)doc");

}  // namespace
}  // namespace gencs
