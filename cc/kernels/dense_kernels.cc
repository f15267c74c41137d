// Kernels of Gencs>DenseResidual.

#include "cc/core/dense.h"
#include "cc/kernels/support.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/dense.h"
#endif

namespace gencs {
namespace {

// Checks and allocates; Run does the work on a device.
template <typename T>
class DenseResidualOp : public OpKernel {
 public:
  explicit DenseResidualOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    const Tensor& matrix = context->input(0);
    const Tensor& x = context->input(1);
    const Tensor& y = context->input(2);
    OP_REQUIRES_OK(context, CheckRank("`matrix`", matrix, 2));
    OP_REQUIRES_OK(context, CheckRank("`x`", x, 2));
    OP_REQUIRES_OK(context, CheckRank("`y`", y, 2));
    DenseCall<T> call{};
    call.m = matrix.dim_size(0);
    call.n = matrix.dim_size(1);
    call.batch = x.dim_size(0);
    OP_REQUIRES(context, x.dim_size(1) == call.n,
                Invalid("`x` must have shape (batch, ", call.n,
                        ") to match `matrix`. Received: ", x.shape().DebugString()));
    OP_REQUIRES(context, y.dim_size(0) == call.batch && y.dim_size(1) == call.m,
                Invalid("`y` must have shape (", call.batch, ", ", call.m,
                        ") to match `x` and `matrix`. Received: ",
                        y.shape().DebugString()));
    call.a = matrix.flat<T>().data();
    call.x = x.flat<T>().data();
    call.y = y.flat<T>().data();
    OP_REQUIRES_OK(
        context, AllocateOutput(context, 0, {call.batch, call.m}, &call.residual));
    OP_REQUIRES_OK(context,
                   AllocateOutput(context, 1, {call.batch, call.n}, &call.back));
    // Else both outputs are empty.
    if (call.batch > 0 && (call.m > 0 || call.n > 0)) {
      Run(context, call);
    }
  }

 private:
  virtual void Run(OpKernelContext* context, const DenseCall<T>& call) = 0;
};

template <typename T>
class DenseResidualCpuOp : public DenseResidualOp<T> {
 public:
  using DenseResidualOp<T>::DenseResidualOp;

 private:
  void Run(OpKernelContext* context, const DenseCall<T>& call) override {
    const int64_t n = call.n, entries = call.batch * n;
    const DenseGrid grid = DenseGridOf(call.m, n, call.batch, sizeof(T),
                                       Threads(context)->NumThreads());
    Tensor sums;
    TensorShape shape;
    OP_REQUIRES_OK(context,
                   TensorShape::BuildTensorShape({grid.rows - 1, entries}, &shape));
    OP_REQUIRES_OK(context,
                   context->allocate_temp(tensorflow::DataTypeToEnum<T>::value, shape,
                                          &sums));
    T* sums_data = sums.flat<T>().data();
    const int64_t cost = DenseCost(call.m, n, call.batch, sizeof(T)) / grid.parts();
    OP_REQUIRES_OK(
        context,
        ParallelForWithWorkspace<T>(
            context, grid.parts(), cost + 1, kDenseWorkspaceBytes,
            [&call, &grid, sums_data](int64_t begin, int64_t end, T* workspace) {
              DenseParts(begin, end, call, grid, workspace, sums_data);
            }));
    if (grid.rows > 1) {
      Threads(context)->ParallelFor(
          entries, grid.rows, [&call, &grid, sums_data](int64_t begin, int64_t end) {
            DenseAdd(begin, end, call, grid, sums_data);
          });
    }
  }
};

GENCS_REGISTER(Name("Gencs>DenseResidual").Device(tensorflow::DEVICE_CPU),
               DenseResidualCpuOp);

#if GENCS_WITH_CUDA
template <typename T>
class DenseResidualGpuOp : public DenseResidualOp<T> {
 public:
  using DenseResidualOp<T>::DenseResidualOp;

 private:
  void Run(OpKernelContext* context, const DenseCall<T>& call) override {
    Tensor workspace;
    OP_REQUIRES_OK(context,
                   AllocateOnDevice<T>(context, {cuda::DenseResidualWorkspace(call)},
                                       &workspace));
    OP_REQUIRES_OK(
        context,
        CudaStatus("Dense residual", cuda::LaunchDenseResidual(
                                         context->eigen_gpu_device().stream(), call,
                                         workspace.flat<T>().data())));
  }
};

GENCS_REGISTER(Name("Gencs>DenseResidual").Device(tensorflow::DEVICE_GPU),
               DenseResidualGpuOp);
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
