// The shape function that the steps of latent solvers share.
#ifndef GENCS_OPS_LANE_SHAPES_H_
#define GENCS_OPS_LANE_SHAPES_H_

#include <initializer_list>

#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace gencs {

using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

// For the inputs with these numbers, of shape [L], [L, k], [L, h, k] and [], the first
// `state` of which are outputs too; further outputs are [L, k]. Every input tells
// something about L, h and k; every output gets all of it.
inline absl::Status LaneStepShape(InferenceContext* c,
                                  int state,
                                  std::initializer_list<int> vectors,
                                  std::initializer_list<int> matrices,
                                  std::initializer_list<int> rings,
                                  std::initializer_list<int> scalars) {
  DimensionHandle lanes = c->UnknownDim();
  DimensionHandle history = c->UnknownDim();
  DimensionHandle size = c->UnknownDim();
  ShapeHandle shape;
  for (const int vector : vectors) {
    TF_RETURN_IF_ERROR(c->WithRank(c->input(vector), 1, &shape));
    TF_RETURN_IF_ERROR(c->Merge(lanes, c->Dim(shape, 0), &lanes));
  }
  for (const int matrix : matrices) {
    TF_RETURN_IF_ERROR(c->WithRank(c->input(matrix), 2, &shape));
    TF_RETURN_IF_ERROR(c->Merge(lanes, c->Dim(shape, 0), &lanes));
    TF_RETURN_IF_ERROR(c->Merge(size, c->Dim(shape, 1), &size));
  }
  for (const int ring : rings) {
    TF_RETURN_IF_ERROR(c->WithRank(c->input(ring), 3, &shape));
    TF_RETURN_IF_ERROR(c->Merge(lanes, c->Dim(shape, 0), &lanes));
    TF_RETURN_IF_ERROR(c->Merge(history, c->Dim(shape, 1), &history));
    TF_RETURN_IF_ERROR(c->Merge(size, c->Dim(shape, 2), &size));
  }
  for (const int scalar : scalars) {
    TF_RETURN_IF_ERROR(c->WithRank(c->input(scalar), 0, &shape));
  }
  const auto set = [&](std::initializer_list<int> inputs, ShapeHandle output) {
    for (const int input : inputs) {
      if (input < state) {
        c->set_output(input, output);
      }
    }
  };
  set(vectors, c->Vector(lanes));
  set(matrices, c->Matrix(lanes, size));
  set(rings, c->MakeShape({lanes, history, size}));
  for (int i = state; i < c->num_outputs(); ++i) {
    c->set_output(i, c->Matrix(lanes, size));
  }
  return absl::OkStatus();
}

}  // namespace gencs

#endif  // GENCS_OPS_LANE_SHAPES_H_
