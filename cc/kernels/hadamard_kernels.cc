// Kernels of Gencs>HadamardMeasure, Gencs>HadamardAdjoint and
// Gencs>HadamardResidual.

#include "cc/core/hadamard.h"
#include "cc/kernels/support.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/hadamard.h"
#endif

namespace gencs {
namespace {

using tensorflow::thread::ThreadPool;

// Fails unless a signal or measurement has shape (batch, length).
absl::Status CheckMatrix(const char* name,
                         const Tensor& tensor,
                         int64_t length,
                         const char* to_match) {
  TF_RETURN_IF_ERROR(CheckRank(name, tensor, 2));
  if (tensor.dim_size(1) != length) {
    return Invalid(name, " must have shape (batch, ", length, ") to match ", to_match,
                   ". Received: ", tensor.shape().DebugString());
  }
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
    OP_REQUIRES_OK(context, CheckRank("`signs`", signs, 1));
    OP_REQUIRES_OK(context, CheckRank("`rows`", rows, 1));
    const int64_t n = signs.dim_size(0);
    const int64_t m = rows.dim_size(0);
    OP_REQUIRES(context, 1 <= n && n <= kHadamardMaxLength,
                Invalid("`signs` must have from 1 to ", kHadamardMaxLength,
                        " entries. Received: ", n));
    HadamardCall<T> call{};
    call.task = task;
    call.signs = signs.flat<int8_t>().data();
    call.rows = rows.flat<int32_t>().data();
    call.n = n;
    call.m = m;
    const int64_t batch =
        context->input(0).shape().dims() > 0 ? context->input(0).dim_size(0) : 0;
    if (kReadsX) {
      const Tensor& x = context->input(0);
      OP_REQUIRES_OK(context, CheckMatrix("`x`", x, n, "`signs`"));
      call.x = x.flat<T>().data();
    }
    if (kReadsY) {
      const Tensor& y = context->input(kSignals - 1);
      OP_REQUIRES_OK(context, CheckMatrix("`y`", y, m, "`rows`"));
      OP_REQUIRES(context, y.dim_size(0) == batch,
                  Invalid("`y` must have as many rows as `x`, ", batch,
                          ". Received: ", y.shape().DebugString()));
      call.y = y.flat<T>().data();
    }
    if (kReadsX) {
      OP_REQUIRES_OK(context, AllocateOutput(context, 0, {batch, m}, &call.measured));
    }
    if (kReadsY) {
      OP_REQUIRES_OK(context,
                     AllocateOutput(context, kSignals - 1, {batch, n}, &call.back));
    }
    Run(context, batch, call);
  }

 private:
  virtual void Run(OpKernelContext* context,
                   int64_t batch,
                   const HadamardCall<T>& call) = 0;
};

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
                  Invalid("`rows` must lie in [0, ", size, "). Received: rows[", i,
                          "] = ", call.rows[i]));
    }
    ThreadPool* threads = Threads(context);
    const bool share = size >= kSharedSize && batch < threads->NumThreads();
    const int64_t bytes = HadamardWorkspaceBytes<T>(call.n);
    OP_REQUIRES_OK(
        context, share ? RunTogether(threads, batch, bytes, call)
                       : ParallelForWithWorkspace<T>(
                             context, batch, HadamardRowCost(task, call.n, call.m),
                             bytes, [&call](int64_t begin, int64_t end, T* workspace) {
                               HadamardRows(begin, end, call, workspace);
                             }));
  }

  // One row after another, each by all threads.
  static absl::Status RunTogether(ThreadPool* threads,
                                  int64_t batch,
                                  int64_t bytes,
                                  const HadamardCall<T>& call) {
    const Workspace<T> workspace = MakeWorkspace<T>(bytes);
    if (workspace == nullptr) {
      return NoWorkspace(bytes);
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
    return absl::OkStatus();
  }
};

GENCS_REGISTER(Name("Gencs>HadamardMeasure").Device(tensorflow::DEVICE_CPU),
               HadamardCpuOp,
               HadamardTask::kMeasure);
GENCS_REGISTER(Name("Gencs>HadamardAdjoint").Device(tensorflow::DEVICE_CPU),
               HadamardCpuOp,
               HadamardTask::kAdjoint);
GENCS_REGISTER(Name("Gencs>HadamardResidual").Device(tensorflow::DEVICE_CPU),
               HadamardCpuOp,
               HadamardTask::kResidual);

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
      OP_REQUIRES_OK(context, AllocateOnDevice<T>(context, {entries}, &workspace));
      error = cuda::LaunchHadamard(stream, batch, call, workspace.flat<T>().data());
    }
    OP_REQUIRES_OK(context, CudaStatus("Hadamard transform", error));
  }
};

GENCS_REGISTER(Name("Gencs>HadamardMeasure").Device(tensorflow::DEVICE_GPU),
               HadamardGpuOp,
               HadamardTask::kMeasure);
GENCS_REGISTER(Name("Gencs>HadamardAdjoint").Device(tensorflow::DEVICE_GPU),
               HadamardGpuOp,
               HadamardTask::kAdjoint);
GENCS_REGISTER(Name("Gencs>HadamardResidual").Device(tensorflow::DEVICE_GPU),
               HadamardGpuOp,
               HadamardTask::kResidual);
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
