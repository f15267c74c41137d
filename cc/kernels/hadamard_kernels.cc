// Kernels of Gencs>HadamardMeasure, Gencs>HadamardAdjoint and
// Gencs>HadamardResidual.
#if GENCS_WITH_CUDA
#define EIGEN_USE_GPU
#endif

#include <atomic>
#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cc/core/hadamard.h"
#include "tensorflow/core/framework/op_kernel.h"

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

using tensorflow::thread::ThreadPool;

// Fails unless a signal or measurement has shape (batch, length).
absl::Status CheckMatrix(const char* name,
                         const Tensor& tensor,
                         int64_t length,
                         const char* to_match) {
  if (!TensorShapeUtils::IsMatrix(tensor.shape())) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " must have rank 2. Received shape: ",
                     tensor.shape().DebugString()));
  }
  if (tensor.dim_size(1) != length) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, " must have shape (batch, ", length, ") to match ", to_match,
        ". Received: ", tensor.shape().DebugString()));
  }
  return absl::OkStatus();
}

absl::Status CheckVector(const char* name, const Tensor& tensor) {
  if (!TensorShapeUtils::IsVector(tensor.shape())) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " must have rank 1. Received shape: ",
                     tensor.shape().DebugString()));
  }
  return absl::OkStatus();
}

// Allocates an output of shape [batch, length], or fails where that overflows.
template <typename T>
absl::Status AllocateMatrix(OpKernelContext* context,
                            int index,
                            int64_t batch,
                            int64_t length,
                            T** data) {
  TensorShape shape;
  TF_RETURN_IF_ERROR(TensorShape::BuildTensorShape({batch, length}, &shape));
  Tensor* output = nullptr;
  TF_RETURN_IF_ERROR(context->allocate_output(index, shape, &output));
  *data = output->flat<T>().data();
  return absl::OkStatus();
}

// Checks and allocates; Run does the work on a device. The inputs are x or y or
// both, signs, rows; the outputs measured or back or both.
template <typename T, HadamardTask task>
class HadamardOp : public OpKernel {
 public:
  explicit HadamardOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    constexpr bool kReadsX = task != HadamardTask::kAdjoint;
    constexpr bool kReadsY = task != HadamardTask::kMeasure;
    constexpr int kSignals = kReadsX + kReadsY;
    const Tensor& signs = context->input(kSignals);
    const Tensor& rows = context->input(kSignals + 1);
    OP_REQUIRES_OK(context, CheckVector("`signs`", signs));
    OP_REQUIRES_OK(context, CheckVector("`rows`", rows));
    const int64_t n = signs.dim_size(0);
    const int64_t m = rows.dim_size(0);
    OP_REQUIRES(context, 1 <= n && n <= kHadamardMaxLength,
                absl::InvalidArgumentError(absl::StrCat(
                    "`signs` must have from 1 to ", kHadamardMaxLength,
                    " entries. Received: ", n)));
    HadamardCall<T> call{};
    call.task = task;
    call.signs = signs.flat<int8_t>().data();
    call.rows = rows.flat<int32_t>().data();
    call.n = n;
    call.m = m;
    const int64_t batch = context->input(0).shape().dims() > 0
                              ? context->input(0).dim_size(0)
                              : 0;
    if (kReadsX) {
      const Tensor& x = context->input(0);
      OP_REQUIRES_OK(context, CheckMatrix("`x`", x, n, "`signs`"));
      call.x = x.flat<T>().data();
    }
    if (kReadsY) {
      const Tensor& y = context->input(kSignals - 1);
      OP_REQUIRES_OK(context, CheckMatrix("`y`", y, m, "`rows`"));
      OP_REQUIRES(context, y.dim_size(0) == batch,
                  absl::InvalidArgumentError(absl::StrCat(
                      "`y` must have as many rows as `x`, ", batch,
                      ". Received: ", y.shape().DebugString())));
      call.y = y.flat<T>().data();
    }
    if (kReadsX) {
      OP_REQUIRES_OK(context,
                     AllocateMatrix(context, 0, batch, m, &call.measured));
    }
    if (kReadsY) {
      OP_REQUIRES_OK(
          context, AllocateMatrix(context, kSignals - 1, batch, n, &call.back));
    }
    Run(context, batch, call);
  }

 private:
  virtual void Run(OpKernelContext* context,
                   int64_t batch,
                   const HadamardCall<T>& call) = 0;
};

template <typename T>
using Workspace = std::unique_ptr<T, decltype(&std::free)>;

// Null where there is no memory.
template <typename T>
Workspace<T> MakeWorkspace(int64_t n) {
  return {static_cast<T*>(std::aligned_alloc(64, HadamardWorkspaceBytes<T>(n))),
          &std::free};
}

template <typename T, HadamardTask task>
class HadamardCpuOp : public HadamardOp<T, task> {
 public:
  using HadamardOp<T, task>::HadamardOp;

 private:
  // From this size on, threads that would stay idle share the rows.
  static constexpr int64_t kSharedSize = int64_t{1} << 16;

  void Run(OpKernelContext* context,
           int64_t batch,
           const HadamardCall<T>& call) override {
    const int64_t size = HadamardSize(call.n);
    for (int64_t i = 0; i < call.m; ++i) {
      OP_REQUIRES(context, 0 <= call.rows[i] && call.rows[i] < size,
                  absl::InvalidArgumentError(absl::StrCat(
                      "`rows` must lie in [0, ", size, "). Received: rows[", i,
                      "] = ", call.rows[i])));
    }
    ThreadPool* threads =
        context->device()->tensorflow_cpu_worker_threads()->workers;
    const bool share = size >= kSharedSize && batch < threads->NumThreads();
    const bool done = share ? RunTogether(threads, batch, call)
                            : RunApart(threads, batch, call);
    OP_REQUIRES(context, done,
                absl::ResourceExhaustedError(
                    absl::StrCat("No memory for a transform of size ", size)));
  }

  // Every thread has rows of its own. Returns whether there was memory.
  static bool RunApart(ThreadPool* threads,
                       int64_t batch,
                       const HadamardCall<T>& call) {
    std::atomic<bool> out_of_memory{false};
    threads->ParallelFor(
        batch, HadamardRowCost(task, call.n, call.m),
        [&call, &out_of_memory](int64_t begin, int64_t end) {
          const Workspace<T> workspace = MakeWorkspace<T>(call.n);
          if (workspace == nullptr) {
            out_of_memory = true;  // workers cannot report
            return;
          }
          HadamardRows(begin, end, call, workspace.get());
        });
    return !out_of_memory;
  }

  // One row after another, each by all threads. Returns as RunApart.
  static bool RunTogether(ThreadPool* threads,
                          int64_t batch,
                          const HadamardCall<T>& call) {
    const Workspace<T> workspace = MakeWorkspace<T>(call.n);
    if (workspace == nullptr) {
      return false;
    }
    constexpr int kTask = static_cast<int>(task);
    const int phases = kHadamardLastPhase[kTask] - kHadamardFirstPhase[kTask];
    const int64_t cost = HadamardRowCost(task, call.n, call.m) / phases;
    for (int64_t row = 0; row < batch; ++row) {
      for (int i = 0; i < phases; ++i) {
        const HadamardPhase phase = kHadamardPhases[kHadamardFirstPhase[kTask] + i];
        const int64_t parts = HadamardParts(phase, call);
        if (parts == 0) {
          continue;
        }
        threads->ParallelFor(
            parts, cost / parts + 1,
            [&call, &workspace, phase, row](int64_t begin, int64_t end) {
              HadamardRunPhase(phase, row, begin, end, call, workspace.get());
            });
      }
    }
    return true;
  }
};

#define GENCS_REGISTER(Op, T, device)                                      \
  REGISTER_KERNEL_BUILDER(                                                 \
      Name("Gencs>HadamardMeasure").Device(device).TypeConstraint<T>("T"), \
      Op<T, HadamardTask::kMeasure>);                                      \
  REGISTER_KERNEL_BUILDER(                                                 \
      Name("Gencs>HadamardAdjoint").Device(device).TypeConstraint<T>("T"), \
      Op<T, HadamardTask::kAdjoint>);                                      \
  REGISTER_KERNEL_BUILDER(                                                 \
      Name("Gencs>HadamardResidual").Device(device).TypeConstraint<T>("T"), \
      Op<T, HadamardTask::kResidual>);
GENCS_REGISTER(HadamardCpuOp, float, tensorflow::DEVICE_CPU)
GENCS_REGISTER(HadamardCpuOp, double, tensorflow::DEVICE_CPU)

#if GENCS_WITH_CUDA
template <typename T, HadamardTask task>
class HadamardGpuOp : public HadamardOp<T, task> {
 public:
  using HadamardOp<T, task>::HadamardOp;

 private:
  void Run(OpKernelContext* context,
           int64_t batch,
           const HadamardCall<T>& call) override {
    const cudaStream_t stream = context->eigen_gpu_device().stream();
    int64_t entries = 0;
    cudaError_t error = cuda::HadamardWorkspace<T>(batch, call.n, &entries);
    Tensor workspace;
    if (error == cudaSuccess) {
      OP_REQUIRES_OK(
          context, context->allocate_temp(tensorflow::DataTypeToEnum<T>::value,
                                          TensorShape({entries}), &workspace));
      error = cuda::LaunchHadamard(stream, batch, call,
                                   workspace.flat<T>().data());
    }
    OP_REQUIRES(context, error == cudaSuccess,
                absl::InternalError(absl::StrCat("Hadamard transform on CUDA: ",
                                                 cudaGetErrorString(error))));
  }
};

GENCS_REGISTER(HadamardGpuOp, float, tensorflow::DEVICE_GPU)
GENCS_REGISTER(HadamardGpuOp, double, tensorflow::DEVICE_GPU)
#endif  // GENCS_WITH_CUDA
#undef GENCS_REGISTER

}  // namespace
}  // namespace gencs
