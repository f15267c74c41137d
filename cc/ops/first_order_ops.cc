#include "cc/ops/lane_shapes.h"

namespace gencs {
namespace {

absl::Status AdamStepShape(InferenceContext* c) {
  return LaneStepShape(c, 7, {4, 5, 6, 7, 9}, {0, 1, 2, 3, 8}, {}, {10, 11, 12});
}

absl::Status MomentumStepShape(InferenceContext* c) {
  return LaneStepShape(c, 6, {3, 4, 5, 6, 8}, {0, 1, 2, 7}, {}, {9});
}

// Settings are inputs because attributes hold 32 bits: too few for float64.
REGISTER_OP("Gencs>AdamStep")
    .Input("z: T")
    .Input("mean: T")
    .Input("square: T")
    .Input("best_z: T")
    .Input("best_value: T")
    .Input("count: int64")
    .Input("status: int64")
    .Input("value: T")
    .Input("gradient: T")
    .Input("rate: T")
    .Input("beta_1: T")
    .Input("beta_2: T")
    .Input("epsilon: T")
    .Output("new_z: T")
    .Output("new_mean: T")
    .Output("new_square: T")
    .Output("new_best_z: T")
    .Output("new_best_value: T")
    .Output("new_count: int64")
    .Output("new_status: int64")
    .Attr("T: {float, double}")
    .SetShapeFn(AdamStepShape)
    .Doc(R"doc(
One Adam step for L independent lanes of k numbers each.

    mean   <- beta_1 mean + (1 - beta_1) g
    square <- beta_2 square + (1 - beta_2) g^2
    z      <- z - rate sqrt(1 - beta_2^t) / (1 - beta_1^t) mean / (sqrt(square) + epsilon)

with t = count + 1, after z has become best_z where its value is the lowest so far.

status is 0 (running), 1 (converged) or 2 (failed); a lane that does not run keeps
everything. One whose value or gradient is not finite, or whose squared norm of the
gradient overflows, fails and keeps the rest. The state is updated in place where the
buffers allow it.

z: Points of shape [L, k], where value and gradient were taken.
mean: Running mean of the gradient, of shape [L, k].
square: Running mean of its square, of shape [L, k].
best_z: The best points so far, of shape [L, k].
best_value: Objective there, of shape [L].
count: Moves so far, of shape [L].
status: Shape [L].
value: Objective at z, of shape [L].
gradient: Gradient at z, of shape [L, k].
rate: Learning rates, of shape [L].
beta_1: Scalar in [0, 1).
beta_2: Scalar in [0, 1).
epsilon: Scalar above 0.
)doc");

REGISTER_OP("Gencs>MomentumStep")
    .Input("z: T")
    .Input("velocity: T")
    .Input("best_z: T")
    .Input("best_value: T")
    .Input("count: int64")
    .Input("status: int64")
    .Input("value: T")
    .Input("gradient: T")
    .Input("rate: T")
    .Input("momentum: T")
    .Output("new_z: T")
    .Output("new_velocity: T")
    .Output("new_best_z: T")
    .Output("new_best_value: T")
    .Output("new_count: int64")
    .Output("new_status: int64")
    .Attr("T: {float, double}")
    .Attr("nesterov: bool = false")
    .SetShapeFn(MomentumStepShape)
    .Doc(R"doc(
One step of gradient descent with momentum for L independent lanes of k numbers each.

    velocity <- momentum velocity - rate g
    z        <- z + velocity, or z + momentum velocity - rate g with `nesterov`

after z has become best_z where its value is the lowest so far.

status is 0 (running), 1 (converged) or 2 (failed); a lane that does not run keeps
everything. One whose value or gradient is not finite, or whose squared norm of the
gradient overflows, fails and keeps the rest. The state is updated in place where the
buffers allow it.

z: Points of shape [L, k], where value and gradient were taken.
velocity: Shape [L, k].
best_z: The best points so far, of shape [L, k].
best_value: Objective there, of shape [L].
count: Moves so far, of shape [L].
status: Shape [L].
value: Objective at z, of shape [L].
gradient: Gradient at z, of shape [L, k].
rate: Learning rates, of shape [L].
momentum: Scalar in [0, 1).
nesterov: Whether a move is the one of the step after it, without its gradient.
)doc");

}  // namespace
}  // namespace gencs
