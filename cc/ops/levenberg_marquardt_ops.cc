#include "cc/ops/lane_shapes.h"

namespace gencs {
namespace {

absl::Status NormalEquationsShape(InferenceContext* c) {
  ShapeHandle jacobian, residual;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 3, &jacobian));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 2, &residual));
  DimensionHandle lanes, residuals;
  TF_RETURN_IF_ERROR(c->Merge(c->Dim(jacobian, 0), c->Dim(residual, 0), &lanes));
  TF_RETURN_IF_ERROR(c->Merge(c->Dim(jacobian, 2), c->Dim(residual, 1), &residuals));
  const DimensionHandle size = c->Dim(jacobian, 1);
  c->set_output(0, c->MakeShape({lanes, size, size}));
  c->set_output(1, c->Matrix(lanes, size));
  return absl::OkStatus();
}

REGISTER_OP("Gencs>NormalEquations")
    .Input("jacobian: T")
    .Input("residual: T")
    .Output("normal: T")
    .Output("gradient: T")
    .Attr("T: {float, double}")
    .SetShapeFn(NormalEquationsShape)
    .Doc(R"doc(
The normal equations of L small least-squares problems.

    normal = J J^T, exactly symmetric;  gradient = J r

jacobian: J of shape [L, k, m], the transpose of the Jacobian of each problem.
residual: r of shape [L, m].
normal: Shape [L, k, k].
gradient: Shape [L, k].
)doc");

absl::Status LevenbergMarquardtStepShape(InferenceContext* c) {
  return LaneStepShape(c, 10, {1, 4, 5, 7, 8, 9, 10}, {0, 2, 6, 11}, {3, 12}, {});
}

REGISTER_OP("Gencs>LevenbergMarquardtStep")
    .Input("z: T")
    .Input("value: T")
    .Input("gradient: T")
    .Input("normal: T")
    .Input("damping: T")
    .Input("growth: T")
    .Input("trial: T")
    .Input("predicted: T")
    .Input("count: int64")
    .Input("status: int64")
    .Input("trial_value: T")
    .Input("trial_gradient: T")
    .Input("trial_normal: T")
    .Output("new_z: T")
    .Output("new_value: T")
    .Output("new_gradient: T")
    .Output("new_normal: T")
    .Output("new_damping: T")
    .Output("new_growth: T")
    .Output("new_trial: T")
    .Output("new_predicted: T")
    .Output("new_count: int64")
    .Output("new_status: int64")
    .Attr("T: {float, double}")
    .Attr("tolerance: float")
    .SetShapeFn(LevenbergMarquardtStepShape)
    .Doc(R"doc(
One Levenberg-Marquardt step for L independent lanes of k numbers each.

Around z, the model of the objective is value + g.d + d.H.d / 2 with its gradient g and
Gauss-Newton matrix H. Judges the trial point by the share of the predicted decrease
that it brought: an accepted one becomes z and lowers the damping as Nielsen does,
damping *= max(1/3, 1 - (2 share - 1)^3); a rejected one raises it,
damping *= growth, growth *= 2. The next trial is z + d with (H + damping I) d = -g;
where H has negative curvature, the damping grows until the system is positive definite.
All of this is done in double. No lane ever reads another one.

A lane has converged when its gradient is zero; when an undamped step would lower the
objective by at most tolerance * |value|; or when no step that is above the precision
of z lowers it.

status is 0 (running), 1 (converged) or 2 (failed: the start is not finite); the trial
of a lane that does not run is z. The state is updated in place where the buffers allow
it.

z: Points of shape [L, k].
value: Objective at z, of shape [L].
gradient: Gradient at z, of shape [L, k].
normal: Gauss-Newton matrix at z, symmetric, of shape [L, k, k].
damping: Shape [L].
growth: By what the damping grows at a rejection, of shape [L].
trial: Point to evaluate, of shape [L, k].
predicted: Decrease that the model promises there, of shape [L].
count: Accepted points, of shape [L]. 0 before the first: the trial is the start.
status: Shape [L].
trial_value: Objective at trial, of shape [L].
trial_gradient: Gradient there, of shape [L, k].
trial_normal: Gauss-Newton matrix there, of shape [L, k, k].
tolerance: See above.
)doc");

}  // namespace
}  // namespace gencs
