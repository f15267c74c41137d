// What the steps of latent solvers share: the shapes of lanes, and a state that is
// updated in place where its buffers may be reused and in a copy where they may not.
// Include no TensorFlow header before this one.
#ifndef GENCS_KERNELS_LANE_STEPS_H_
#define GENCS_KERNELS_LANE_STEPS_H_

#include "cc/kernels/support.h"

#include <cstring>

namespace gencs {

// Of L lanes of k numbers with rings of h: [], [L], [L, k], [L, h, k].
enum class LaneShape { kScalar, kVector, kMatrix, kRing };

struct LaneInput {
  const char* name;
  LaneShape shape;
};

struct OnCpu {
  static absl::Status Copy(OpKernelContext*, const Tensor& from, Tensor* to) {
    const auto bytes = from.tensor_data();
    if (!bytes.empty()) {
      std::memcpy(const_cast<char*>(to->tensor_data().data()), bytes.data(),
                  bytes.size());
    }
    return absl::OkStatus();
  }
};

#if GENCS_WITH_CUDA
struct OnGpu {
  static absl::Status Copy(OpKernelContext* context, const Tensor& from, Tensor* to) {
    const auto bytes = from.tensor_data();
    if (bytes.empty()) {
      return absl::OkStatus();
    }
    return CudaStatus(
        "copying the state of lanes",
        cudaMemcpyAsync(const_cast<char*>(to->tensor_data().data()), bytes.data(),
                        bytes.size(), cudaMemcpyDeviceToDevice,
                        context->eigen_gpu_device().stream()));
  }
};
#endif

// The tensors of a step, once they are checked.
template <typename T>
class LaneTensors {
 public:
  LaneTensors(OpKernelContext* context, int64_t history, Tensor* const* outputs)
      : lanes(context->input(0).dim_size(0)),
        history(history),
        size(context->input(0).dim_size(1)),
        context_(context),
        outputs_(outputs) {}

  T* Reals(int i) const { return outputs_[i]->template flat<T>().data(); }
  int64_t* Integers(int i) const {
    return outputs_[i]->template flat<int64_t>().data();
  }
  const T* Input(int i) const {
    return context_->input(i).template flat<T>().data();
  }

  const int64_t lanes;
  const int64_t history;
  const int64_t size;

 private:
  OpKernelContext* context_;
  Tensor* const* outputs_;
};

// Step<T> says what is special to an op:
//   static constexpr LaneInput kInputs[], the first kState of them the state, which
//   are also the first outputs; input 0 is [L, k];
//   static constexpr int kOutputs; those after the state are [L, k], not yet written;
//   absl::Status Init(OpKernelConstruction*), which reads the attributes;
//   absl::Status Run(Device, OpKernelContext*, const LaneTensors<T>&).
template <typename T, template <typename> class Step, typename Device>
class LaneStepOp : public OpKernel {
 public:
  explicit LaneStepOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, step_.Init(context));
  }

  void Compute(OpKernelContext* context) override {
    OP_REQUIRES_OK(context, CheckRank("`z`", context->input(0), 2));
    const TensorShape& matrix = context->input(0).shape();
    const int64_t lanes = matrix.dim_size(0);
    const int64_t size = matrix.dim_size(1);
    const TensorShape scalar, vector({lanes});
    TensorShape ring;
    int64_t history = 0;
    for (int i = 0; i < context->num_inputs(); ++i) {
      if (Step<T>::kInputs[i].shape == LaneShape::kRing && context->input(i).dims() == 3) {
        history = context->input(i).dim_size(1);
      }
    }
    // Without lanes or numbers, the shape of a ring may promise more than there can be.
    OP_REQUIRES_OK(context, TensorShape::BuildTensorShape({lanes, history, size}, &ring));
    for (int i = 0; i < context->num_inputs(); ++i) {
      const TensorShape& shape = context->input(i).shape();
      const LaneInput& input = Step<T>::kInputs[i];
      TensorShape expected = scalar;
      if (input.shape == LaneShape::kVector) {
        expected = vector;
      } else if (input.shape == LaneShape::kMatrix) {
        expected = matrix;
      } else if (input.shape == LaneShape::kRing) {
        expected = ring;
      }
      OP_REQUIRES(context, shape == expected,
                  Invalid("`", input.name, "` must have shape ", expected.DebugString(),
                          " to match `z`. Received: ", shape.DebugString()));
    }
    Tensor* outputs[Step<T>::kOutputs];
    for (int i = 0; i < Step<T>::kState; ++i) {
      const TensorShape& shape = context->input(i).shape();
      int forwarded = -1;
      OP_REQUIRES_OK(context, context->forward_input_or_allocate_output(
                                  {i}, i, shape, &outputs[i], &forwarded));
      if (forwarded < 0) {
        OP_REQUIRES_OK(context, Device::Copy(context, context->input(i), outputs[i]));
      }
    }
    for (int i = Step<T>::kState; i < Step<T>::kOutputs; ++i) {
      OP_REQUIRES_OK(context, context->allocate_output(i, matrix, &outputs[i]));
    }
    const LaneTensors<T> tensors(context, history, outputs);
    OP_REQUIRES_OK(context, step_.Run(Device(), context, tensors));
  }

 private:
  Step<T> step_;
};

}  // namespace gencs

#endif  // GENCS_KERNELS_LANE_STEPS_H_
