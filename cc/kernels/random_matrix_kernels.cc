// Kernels of Gencs>RandomMatrixMeasure, Gencs>RandomMatrixAdjoint and
// Gencs>RandomMatrix.
#include <algorithm>
#include <string>

#include "cc/core/random_matrix.h"
#include "cc/kernels/support.h"

#if GENCS_WITH_CUDA
#include "cc/cuda/random_matrix.h"
#endif

namespace gencs {
namespace {

// Units of work on a CPU: so many rows (or a group of columns) of A.
constexpr int64_t kRowUnit = 8;
constexpr int64_t kFillColumns = 8 * kRandomGroup;

int64_t Units(int64_t size, int64_t unit) { return (size + unit - 1) / unit; }

absl::Status CheckSize(const char* name, int64_t size) {
  if (0 <= size && size <= kRandomMaxSize) {
    return absl::OkStatus();
  }
  return Invalid(name, " must lie in [0, ", kRandomMaxSize, "]. Received: ", size);
}

// What the three ops share: the distribution, and the seed.
class RandomMatrixOpBase : public OpKernel {
 public:
  explicit RandomMatrixOpBase(OpKernelConstruction* context) : OpKernel(context) {
    std::string name;
    OP_REQUIRES_OK(context, context->GetAttr("distribution", &name));
    distribution_ = name == "gaussian" ? RandomDistribution::kGaussian
                                       : RandomDistribution::kRademacher;
  }

 protected:
  absl::Status MakeMatrix(const Tensor& seed,
                          int64_t rows,
                          int64_t columns,
                          RandomMatrix* matrix) const {
    if (!TensorShapeUtils::IsVector(seed.shape()) || seed.NumElements() != 2) {
      return Invalid("`seed` must have shape (2,). Received: ",
                     seed.shape().DebugString());
    }
    const auto words = seed.vec<int64_t>();
    *matrix = RandomMatrix{distribution_, static_cast<uint64_t>(words(0)),
                           static_cast<uint64_t>(words(1)), rows, columns};
    return absl::OkStatus();
  }

 private:
  RandomDistribution distribution_;
};

// Runs work(begin, end, workspace) over the units on all cores.
template <typename T, typename Work>
void ParallelUnits(OpKernelContext* context,
                   int64_t units,
                   int64_t unit_cost,
                   const Work& work) {
  OP_REQUIRES_OK(context, ParallelForWithWorkspace<T>(context, units, unit_cost,
                                                      kRandomWorkspaceBytes, work));
}

// Checks and allocates; Run does the work on a device.
template <typename T, Direction direction>
class RandomProductOp : public RandomMatrixOpBase {
 public:
  using RandomMatrixOpBase::RandomMatrixOpBase;

  void Compute(OpKernelContext* context) override {
    constexpr bool kMeasure = direction == Direction::kMeasure;
    const char* name = kMeasure ? "`x`" : "`y`";
    const char* size_name = kMeasure ? "`measurements`" : "`signal_size`";
    const Tensor& input = context->input(0);
    const Tensor& size = context->input(2);
    OP_REQUIRES_OK(context, CheckRank(name, input, 2));
    OP_REQUIRES_OK(context, CheckRank(size_name, size, 0));
    const int64_t batch = input.dim_size(0);
    const int64_t input_size = input.dim_size(1);
    const int64_t output_size = size.scalar<int64_t>()();
    OP_REQUIRES_OK(context,
                   CheckSize(kMeasure ? "`x.shape[1]`" : "`y.shape[1]`", input_size));
    OP_REQUIRES_OK(context, CheckSize(size_name, output_size));
    RandomMatrix matrix;
    OP_REQUIRES_OK(context,
                   MakeMatrix(context->input(1), kMeasure ? output_size : input_size,
                              kMeasure ? input_size : output_size, &matrix));
    T* output = nullptr;
    OP_REQUIRES_OK(context, AllocateOutput(context, 0, {batch, output_size}, &output));
    if (batch > 0 && output_size > 0) {
      Run(context, matrix, input.flat<T>().data(), batch, output);
    }
  }

 private:
  virtual void Run(OpKernelContext* context,
                   const RandomMatrix& matrix,
                   const T* input,
                   int64_t batch,
                   T* output) = 0;
};

template <typename T, Direction direction>
class RandomProductCpuOp : public RandomProductOp<T, direction> {
 public:
  using RandomProductOp<T, direction>::RandomProductOp;

 private:
  void Run(OpKernelContext* context,
           const RandomMatrix& matrix,
           const T* input,
           int64_t batch,
           T* output) override {
    const int64_t m = matrix.rows, n = matrix.columns;
    if (direction == Direction::kMeasure) {
      ParallelUnits<T>(
          context, Units(m, kRowUnit), RandomMatrixCost(kRowUnit * n, batch, sizeof(T)),
          [&matrix, input, batch, output, m](int64_t begin, int64_t end, T* workspace) {
            RandomMatrixMeasure(begin * kRowUnit, std::min(end * kRowUnit, m), matrix,
                                input, batch, workspace, output);
          });
    } else {
      ParallelUnits<T>(
          context, Units(n, kRandomGroup),
          RandomMatrixCost(kRandomGroup * m, batch, sizeof(T)),
          [&matrix, input, batch, output, n](int64_t begin, int64_t end, T* workspace) {
            RandomMatrixAdjoint(begin * kRandomGroup, std::min(end * kRandomGroup, n),
                                matrix, input, batch, workspace, output);
          });
    }
  }
};

template <typename T>
class RandomMatrixOp : public RandomMatrixOpBase {
 public:
  using RandomMatrixOpBase::RandomMatrixOpBase;

  void Compute(OpKernelContext* context) override {
    const Tensor& sizes = context->input(1);
    OP_REQUIRES(context,
                TensorShapeUtils::IsVector(sizes.shape()) && sizes.NumElements() == 2,
                Invalid("`shape` must be a pair (m, n). Received shape: ",
                        sizes.shape().DebugString()));
    const int64_t rows = sizes.vec<int64_t>()(0), columns = sizes.vec<int64_t>()(1);
    OP_REQUIRES_OK(context, CheckSize("`shape[0]`", rows));
    OP_REQUIRES_OK(context, CheckSize("`shape[1]`", columns));
    RandomMatrix matrix;
    OP_REQUIRES_OK(context, MakeMatrix(context->input(0), rows, columns, &matrix));
    T* output = nullptr;
    OP_REQUIRES_OK(context, AllocateOutput(context, 0, {rows, columns}, &output));
    if (rows > 0 && columns > 0) {
      Run(context, matrix, output);
    }
  }

 private:
  virtual void Run(OpKernelContext* context, const RandomMatrix& matrix, T* a) = 0;
};

template <typename T>
class RandomMatrixCpuOp : public RandomMatrixOp<T> {
 public:
  using RandomMatrixOp<T>::RandomMatrixOp;

 private:
  void Run(OpKernelContext* context, const RandomMatrix& matrix, T* a) override {
    const int64_t m = matrix.rows, n = matrix.columns;
    const int64_t panels = Units(n, kFillColumns);
    ParallelUnits<T>(
        context, Units(m, kRowUnit) * panels,
        RandomMatrixCost(kRowUnit * std::min(n, kFillColumns), 0, sizeof(T)),
        [&matrix, a, m, n, panels](int64_t begin, int64_t end, T* workspace) {
          for (int64_t unit = begin; unit < end; ++unit) {
            const int64_t row = unit / panels * kRowUnit;
            const int64_t column = unit % panels * kFillColumns;
            RandomMatrixFill(row, std::min(row + kRowUnit, m), column,
                             std::min(column + kFillColumns, n), matrix, workspace, a);
          }
        });
  }
};

GENCS_REGISTER(Name("Gencs>RandomMatrixMeasure").Device(tensorflow::DEVICE_CPU),
               RandomProductCpuOp,
               Direction::kMeasure);
GENCS_REGISTER(Name("Gencs>RandomMatrixAdjoint").Device(tensorflow::DEVICE_CPU),
               RandomProductCpuOp,
               Direction::kAdjoint);
GENCS_REGISTER(Name("Gencs>RandomMatrix").Device(tensorflow::DEVICE_CPU),
               RandomMatrixCpuOp);

#if GENCS_WITH_CUDA
template <typename T, Direction direction>
class RandomProductGpuOp : public RandomProductOp<T, direction> {
 public:
  using RandomProductOp<T, direction>::RandomProductOp;

 private:
  void Run(OpKernelContext* context,
           const RandomMatrix& matrix,
           const T* input,
           int64_t batch,
           T* output) override {
    constexpr bool kMeasure = direction == Direction::kMeasure;
    const int64_t entries = kMeasure
                                ? cuda::RandomMatrixMeasureWorkspace<T>(matrix, batch)
                                : cuda::RandomMatrixAdjointWorkspace<T>(matrix, batch);
    Tensor workspace;
    OP_REQUIRES_OK(context, AllocateOnDevice<T>(context, {entries}, &workspace));
    const auto launch = kMeasure ? cuda::LaunchRandomMatrixMeasure<T>
                                 : cuda::LaunchRandomMatrixAdjoint<T>;
    OP_REQUIRES_OK(
        context, CudaStatus("Random matrix",
                            launch(context->eigen_gpu_device().stream(), matrix, input,
                                   batch, workspace.flat<T>().data(), output)));
  }
};

template <typename T>
class RandomMatrixGpuOp : public RandomMatrixOp<T> {
 public:
  using RandomMatrixOp<T>::RandomMatrixOp;

 private:
  void Run(OpKernelContext* context, const RandomMatrix& matrix, T* a) override {
    OP_REQUIRES_OK(context,
                   CudaStatus("Random matrix",
                              cuda::LaunchRandomMatrixFill(
                                  context->eigen_gpu_device().stream(), matrix, a)));
  }
};

GENCS_REGISTER(Name("Gencs>RandomMatrixMeasure")
                   .Device(tensorflow::DEVICE_GPU)
                   .HostMemory("seed")
                   .HostMemory("measurements"),
               RandomProductGpuOp,
               Direction::kMeasure);
GENCS_REGISTER(Name("Gencs>RandomMatrixAdjoint")
                   .Device(tensorflow::DEVICE_GPU)
                   .HostMemory("seed")
                   .HostMemory("signal_size"),
               RandomProductGpuOp,
               Direction::kAdjoint);
GENCS_REGISTER(Name("Gencs>RandomMatrix")
                   .Device(tensorflow::DEVICE_GPU)
                   .HostMemory("seed")
                   .HostMemory("shape"),
               RandomMatrixGpuOp);
#endif  // GENCS_WITH_CUDA

}  // namespace
}  // namespace gencs
