// Kernels of Gencs>MaskMeasure and Gencs>MaskAdjoint.

#include "cc/core/mask.h"
#include "cc/kernels/support.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/mask.h"
#endif

namespace gencs {
namespace {

// The inputs of one call, after the checks.
template <typename T>
struct Call {
  const T* input;  // [batch, n] to measure, [batch, m] for the adjoint
  MaskRows rows;
  int64_t batch, n;
  T* output;
};

// Checks and allocates; Run does the work on a device.
template <typename T, Direction direction>
class MaskOp : public OpKernel {
 public:
  explicit MaskOp(OpKernelConstruction* context) : OpKernel(context) {
    if (direction == Direction::kAdjoint) {
      OP_REQUIRES_OK(context, context->GetAttr("signal_size", &signal_size_));
      OP_REQUIRES(
          context, signal_size_ >= 0,
          Invalid("`signal_size` must be at least 0. Received: ", signal_size_));
    }
  }

  void Compute(OpKernelContext* context) override {
    constexpr bool kMeasure = direction == Direction::kMeasure;
    const char* name = kMeasure ? "`x`" : "`y`";
    const Tensor& input = context->input(0);
    const Tensor& rows = context->input(1);
    OP_REQUIRES_OK(context, CheckRank(name, input, 2));
    const bool own = TensorShapeUtils::IsMatrix(rows.shape());
    OP_REQUIRES(context, own || TensorShapeUtils::IsVector(rows.shape()),
                Invalid("`rows` must have rank 1 or 2. Received shape: ",
                        rows.shape().DebugString()));
    const int64_t batch = input.dim_size(0);
    const int64_t m = rows.dim_size(own ? 1 : 0);
    OP_REQUIRES(context, !own || rows.dim_size(0) == batch,
                Invalid("`rows` must have shape (m,) or (", batch, ", m) to match ",
                        name, ". Received: ", rows.shape().DebugString()));
    OP_REQUIRES(context, kMeasure || input.dim_size(1) == m,
                Invalid("`y` must have shape (batch, ", m,
                        ") to match `rows`. Received: ", input.shape().DebugString()));
    const int64_t n = kMeasure ? input.dim_size(1) : signal_size_;
    T* output = nullptr;
    OP_REQUIRES_OK(context,
                   AllocateOutput(context, 0, {batch, kMeasure ? m : n}, &output));
    Run(context,
        Call<T>{input.flat<T>().data(), MaskRows{rows.flat<int32_t>().data(), m, own},
                batch, n, output});
  }

 private:
  virtual void Run(OpKernelContext* context, const Call<T>& call) = 0;

  int64_t signal_size_ = 0;
};

template <typename T, Direction direction>
class MaskCpuOp : public MaskOp<T, direction> {
 public:
  using MaskOp<T, direction>::MaskOp;

 private:
  void Run(OpKernelContext* context, const Call<T>& call) override {
    const MaskRows& rows = call.rows;
    const int64_t count = rows.own ? call.batch * rows.m : rows.m;
    const int64_t outside = MaskFirstOutside(rows.rows, count, call.n);
    OP_REQUIRES(context, outside < 0,
                Invalid("`rows` must lie in [0, ", call.n, "). Received: ",
                        rows.rows[outside], " at flat position ", outside));
    constexpr bool kMeasure = direction == Direction::kMeasure;
    if ((kMeasure ? rows.m : call.n) == 0) {
      return;  // of signals without entries there can be 2^63
    }
    const int64_t cost =
        kMeasure ? MaskMeasureCost(rows.m) : MaskAdjointCost(rows.m, call.n);
    Threads(context)->ParallelFor(
        call.batch, cost, [&call, &rows](int64_t begin, int64_t end) {
          if (kMeasure) {
            MaskMeasure(begin, end, call.input, rows, call.n, call.output);
          } else {
            MaskAdjoint(begin, end, call.input, rows, call.n, call.output);
          }
        });
  }
};

GENCS_REGISTER(Name("Gencs>MaskMeasure").Device(tensorflow::DEVICE_CPU),
               MaskCpuOp,
               Direction::kMeasure);
GENCS_REGISTER(Name("Gencs>MaskAdjoint").Device(tensorflow::DEVICE_CPU),
               MaskCpuOp,
               Direction::kAdjoint);

#if GENCS_WITH_CUDA
template <typename T, Direction direction>
class MaskGpuOp : public MaskOp<T, direction> {
 public:
  using MaskOp<T, direction>::MaskOp;

 private:
  void Run(OpKernelContext* context, const Call<T>& call) override {
    OP_REQUIRES(context, call.rows.m <= INT32_MAX,
                Invalid("`rows` must hold at most ", INT32_MAX,
                        " rows of a signal on a GPU. Received: ", call.rows.m));
    const cudaStream_t stream = context->eigen_gpu_device().stream();
    cudaError_t error = cudaSuccess;
    if (direction == Direction::kMeasure) {
      error = cuda::LaunchMaskMeasure(stream, call.input, call.rows, call.batch, call.n,
                                      call.output);
    } else {
      Tensor workspace;
      OP_REQUIRES_OK(context, AllocateOnDevice<int32_t>(
                                  context, {2, call.rows.own ? call.batch : 1, call.n},
                                  &workspace));
      error = cuda::LaunchMaskAdjoint(stream, call.input, call.rows, call.batch, call.n,
                                      workspace.flat<int32_t>().data(), call.output);
    }
    OP_REQUIRES_OK(context, CudaStatus("Mask measurement", error));
  }
};

GENCS_REGISTER(Name("Gencs>MaskMeasure").Device(tensorflow::DEVICE_GPU),
               MaskGpuOp,
               Direction::kMeasure);
GENCS_REGISTER(Name("Gencs>MaskAdjoint").Device(tensorflow::DEVICE_GPU),
               MaskGpuOp,
               Direction::kAdjoint);
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
