#include "cc/ops/lane_shapes.h"

namespace gencs {
namespace {

absl::Status LbfgsStepShape(InferenceContext* c) {
  return LaneStepShape(c, 9, {1, 4, 7, 8, 9}, {0, 2, 3, 10}, {5, 6}, {});
}

// count and status are int64 because TensorFlow keeps int32 tensors of a loop
// in host memory, which would make every step on a GPU wait for a copy.
REGISTER_OP("Gencs>LbfgsStep")
    .Input("z: T")
    .Input("value: T")
    .Input("gradient: T")
    .Input("direction: T")
    .Input("step_size: T")
    .Input("s_history: T")
    .Input("y_history: T")
    .Input("count: int64")
    .Input("status: int64")
    .Input("trial_value: T")
    .Input("trial_gradient: T")
    .Output("new_z: T")
    .Output("new_value: T")
    .Output("new_gradient: T")
    .Output("new_direction: T")
    .Output("new_step_size: T")
    .Output("new_s_history: T")
    .Output("new_y_history: T")
    .Output("new_count: int64")
    .Output("new_status: int64")
    .Output("trial: T")
    .Attr("T: {float, double}")
    .Attr("tolerance: float")
    .Attr("armijo: float = 1e-4")
    .SetShapeFn(LbfgsStepShape)
    .Doc(R"doc(
One L-BFGS step for L independent lanes of k numbers each.

Judges the trial point z + step_size * direction by the Armijo rule. An accepted
trial becomes z, its curvature pair enters the ring of h pairs, and the two-loop
recursion gives the next direction; a rejected one shortens the step. No lane ever
reads another one, so NaN in one lane stays there.

status is 0 (running), 1 (converged) or 2 (failed); a lane that does not run keeps
its state and its trial is z. The state is updated in place where the buffers
allow it.

z: Points of shape [L, k].
value: Objective at z, of shape [L].
gradient: Gradient at z, of shape [L, k].
direction: Search direction of shape [L, k].
step_size: Step along the direction, of shape [L].
s_history: Ring of steps, of shape [L, h, k], h <= 1024.
y_history: Ring of changes of the gradient, of shape [L, h, k].
count: Pairs stored so far, of shape [L]; the newest min(count, h) are valid.
status: Shape [L].
trial_value: Objective at z + step_size * direction, of shape [L].
trial_gradient: Its gradient, of shape [L, k].
trial: Where to evaluate next, of shape [L, k].
tolerance: Converged when the Newton decrement is at most tolerance * |value|.
armijo: Fraction of the decrease promised by the slope that a step must bring.
)doc");

}  // namespace
}  // namespace gencs
