// Kernels of Gencs>HadamardMeasure and Gencs>HadamardAdjoint.
#if GENCS_WITH_CUDA
#define EIGEN_USE_GPU
#endif

#include <atomic>
#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cc/core/hadamard.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/register_types.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/hadamard.h"
#endif

namespace gencs {
namespace {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::TensorShapeUtils;

enum class Direction { kMeasure, kAdjoint };

// The inputs of one call, after the checks.
template <typename T>
struct Call {
  const T* input;  // [batch, n] to measure, [batch, m] for the adjoint
  const int8_t* signs;
  const int32_t* rows;
  int64_t batch, n, m;
  T* output;
};

// Checks and allocates; Run does the work on a device.
template <typename T, Direction direction>
class HadamardOp : public OpKernel {
 public:
  explicit HadamardOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    constexpr bool kMeasure = direction == Direction::kMeasure;
    const char* name = kMeasure ? "`x`" : "`y`";
    const Tensor& input = context->input(0);
    const Tensor& signs = context->input(1);
    const Tensor& rows = context->input(2);
    OP_REQUIRES(context, TensorShapeUtils::IsMatrix(input.shape()),
                absl::InvalidArgumentError(
                    absl::StrCat(name, " must have rank 2. Received shape: ",
                                 input.shape().DebugString())));
    OP_REQUIRES(context, TensorShapeUtils::IsVector(signs.shape()),
                absl::InvalidArgumentError(
                    absl::StrCat("`signs` must have rank 1. Received shape: ",
                                 signs.shape().DebugString())));
    OP_REQUIRES(context, TensorShapeUtils::IsVector(rows.shape()),
                absl::InvalidArgumentError(
                    absl::StrCat("`rows` must have rank 1. Received shape: ",
                                 rows.shape().DebugString())));
    const int64_t batch = input.dim_size(0);
    const int64_t n = signs.dim_size(0);
    const int64_t m = rows.dim_size(0);
    OP_REQUIRES(context, 1 <= n && n <= kHadamardMaxLength,
                absl::InvalidArgumentError(absl::StrCat(
                    "`signs` must have from 1 to ", kHadamardMaxLength,
                    " entries. Received: ", n)));
    const int64_t expected = kMeasure ? n : m;
    OP_REQUIRES(context, input.dim_size(1) == expected,
                absl::InvalidArgumentError(
                    absl::StrCat(name, " must have shape (batch, ", expected,
                                 ") to match ", kMeasure ? "`signs`" : "`rows`",
                                 ". Received: ", input.shape().DebugString())));
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context,
                   context->allocate_output(
                       0, TensorShape({batch, kMeasure ? m : n}), &output));
    const Call<T> call{input.flat<T>().data(),
                       signs.flat<int8_t>().data(),
                       rows.flat<int32_t>().data(),
                       batch,
                       n,
                       m,
                       output->flat<T>().data()};
    Run(context, call);
  }

 private:
  virtual void Run(OpKernelContext* context, const Call<T>& call) = 0;
};

template <typename T, Direction direction>
class HadamardCpuOp : public HadamardOp<T, direction> {
 public:
  using HadamardOp<T, direction>::HadamardOp;

 private:
  void Run(OpKernelContext* context, const Call<T>& call) override {
    const int64_t size = HadamardSize(call.n);
    for (int64_t i = 0; i < call.m; ++i) {
      OP_REQUIRES(context, 0 <= call.rows[i] && call.rows[i] < size,
                  absl::InvalidArgumentError(absl::StrCat(
                      "`rows` must lie in [0, ", size, "). Received: rows[", i,
                      "] = ", call.rows[i])));
    }
    std::atomic<bool> out_of_memory{false};
    context->device()->tensorflow_cpu_worker_threads()->workers->ParallelFor(
        call.batch, HadamardRowCost(call.n, call.m),
        [&call, &out_of_memory](int64_t begin, int64_t end) {
          const std::unique_ptr<T, decltype(&std::free)> workspace(
              static_cast<T*>(
                  std::aligned_alloc(64, HadamardWorkspaceBytes<T>(call.n))),
              &std::free);
          if (workspace == nullptr) {
            out_of_memory = true;  // workers cannot report; see below
            return;
          }
          if (direction == Direction::kMeasure) {
            HadamardMeasure(begin, end, call.input, call.signs, call.rows,
                            call.n, call.m, workspace.get(), call.output);
          } else {
            HadamardAdjoint(begin, end, call.input, call.signs, call.rows,
                            call.n, call.m, workspace.get(), call.output);
          }
        });
    OP_REQUIRES(context, !out_of_memory,
                absl::ResourceExhaustedError(
                    absl::StrCat("No memory for a transform of size ", size)));
  }
};

#define GENCS_REGISTER_CPU(T)                                     \
  REGISTER_KERNEL_BUILDER(Name("Gencs>HadamardMeasure")           \
                              .Device(tensorflow::DEVICE_CPU)     \
                              .TypeConstraint<T>("T"),            \
                          HadamardCpuOp<T, Direction::kMeasure>); \
  REGISTER_KERNEL_BUILDER(Name("Gencs>HadamardAdjoint")           \
                              .Device(tensorflow::DEVICE_CPU)     \
                              .TypeConstraint<T>("T"),            \
                          HadamardCpuOp<T, Direction::kAdjoint>);
GENCS_REGISTER_CPU(float)
GENCS_REGISTER_CPU(double)
#undef GENCS_REGISTER_CPU

#if GENCS_WITH_CUDA
template <typename T, Direction direction>
class HadamardGpuOp : public HadamardOp<T, direction> {
 public:
  using HadamardOp<T, direction>::HadamardOp;

 private:
  void Run(OpKernelContext* context, const Call<T>& call) override {
    const cudaStream_t stream = context->eigen_gpu_device().stream();
    int64_t entries = 0;
    cudaError_t error =
        cuda::HadamardWorkspace<T>(call.batch, call.n, &entries);
    Tensor workspace;
    if (error == cudaSuccess) {
      OP_REQUIRES_OK(
          context, context->allocate_temp(tensorflow::DataTypeToEnum<T>::value,
                                          TensorShape({entries}), &workspace));
      T* scratch = workspace.flat<T>().data();
      if (direction == Direction::kMeasure) {
        error = cuda::LaunchHadamardMeasure(stream, call.input, call.signs,
                                            call.rows, call.batch, call.n,
                                            call.m, scratch, call.output);
      } else {
        error = cuda::LaunchHadamardAdjoint(stream, call.input, call.signs,
                                            call.rows, call.batch, call.n,
                                            call.m, scratch, call.output);
      }
    }
    OP_REQUIRES(context, error == cudaSuccess,
                absl::InternalError(absl::StrCat("Hadamard transform on CUDA: ",
                                                 cudaGetErrorString(error))));
  }
};

#define GENCS_REGISTER_GPU(T)                                     \
  REGISTER_KERNEL_BUILDER(Name("Gencs>HadamardMeasure")           \
                              .Device(tensorflow::DEVICE_GPU)     \
                              .TypeConstraint<T>("T"),            \
                          HadamardGpuOp<T, Direction::kMeasure>); \
  REGISTER_KERNEL_BUILDER(Name("Gencs>HadamardAdjoint")           \
                              .Device(tensorflow::DEVICE_GPU)     \
                              .TypeConstraint<T>("T"),            \
                          HadamardGpuOp<T, Direction::kAdjoint>);
GENCS_REGISTER_GPU(float)
GENCS_REGISTER_GPU(double)
#undef GENCS_REGISTER_GPU
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
