// What the kernels share: checks, outputs, workspaces, errors, registration.
// Include no TensorFlow header before this one.
#ifndef GENCS_KERNELS_SUPPORT_H_
#define GENCS_KERNELS_SUPPORT_H_

#if GENCS_WITH_CUDA
#define EIGEN_USE_GPU
#include <cuda_runtime_api.h>
#endif

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/register_types.h"

namespace gencs {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::TensorShapeUtils;

// Whether an op applies a linear measurement or its transpose.
enum class Direction { kMeasure, kAdjoint };

// The pieces are those of absl::StrCat.
template <typename... Pieces>
absl::Status Invalid(const Pieces&... pieces) {
  return absl::InvalidArgumentError(absl::StrCat(pieces...));
}

inline absl::Status CheckRank(const char* name, const Tensor& tensor, int rank) {
  if (tensor.dims() == rank) {
    return absl::OkStatus();
  }
  return Invalid(name, " must have rank ", rank,
                 ". Received shape: ", tensor.shape().DebugString());
}

// Allocates an output of this shape, or fails where its size overflows. The data of
// an empty output may be null.
template <typename T>
absl::Status AllocateOutput(OpKernelContext* context,
                            int index,
                            std::initializer_list<int64_t> sizes,
                            T** data) {
  TensorShape shape;
  TF_RETURN_IF_ERROR(TensorShape::BuildTensorShape(sizes, &shape));
  Tensor* output = nullptr;
  TF_RETURN_IF_ERROR(context->allocate_output(index, shape, &output));
  *data = output->flat<T>().data();
  return absl::OkStatus();
}

// Scratch on a CPU, aligned to 64 bytes; null where there is no memory.
template <typename T>
using Workspace = std::unique_ptr<T, decltype(&std::free)>;

// REQUIRES: bytes is a multiple of 64.
template <typename T>
Workspace<T> MakeWorkspace(int64_t bytes) {
  return {static_cast<T*>(std::aligned_alloc(64, bytes)), &std::free};
}

inline absl::Status NoWorkspace(int64_t bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat("No memory for a workspace of ", bytes, " bytes"));
}

inline tensorflow::thread::ThreadPool* Threads(OpKernelContext* context) {
  return context->device()->tensorflow_cpu_worker_threads()->workers;
}

// Runs work(begin, end, workspace) for parts of [0, total) on all cores, each with a
// workspace of its own.
template <typename T, typename Work>
absl::Status ParallelForWithWorkspace(OpKernelContext* context,
                                      int64_t total,
                                      int64_t cost,
                                      int64_t bytes,
                                      const Work& work) {
  std::atomic<bool> out_of_memory{false};
  Threads(context)->ParallelFor(
      total, cost, [&work, &out_of_memory, bytes](int64_t begin, int64_t end) {
        const Workspace<T> workspace = MakeWorkspace<T>(bytes);
        if (workspace == nullptr) {
          out_of_memory = true;  // workers cannot report
          return;
        }
        work(begin, end, workspace.get());
      });
  return out_of_memory ? NoWorkspace(bytes) : absl::OkStatus();
}

#if GENCS_WITH_CUDA
inline absl::Status CudaStatus(const char* what, cudaError_t error) {
  if (error == cudaSuccess) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat(what, " on CUDA: ", cudaGetErrorString(error)));
}

template <typename T>
absl::Status AllocateOnDevice(OpKernelContext* context,
                              std::initializer_list<int64_t> sizes,
                              Tensor* workspace) {
  TensorShape shape;
  TF_RETURN_IF_ERROR(TensorShape::BuildTensorShape(sizes, &shape));
  return context->allocate_temp(tensorflow::DataTypeToEnum<T>::value, shape, workspace);
}
#endif

// Registers Op<T, ...> for T = float and T = double, for
// Name("Gencs>...").Device(tensorflow::DEVICE_...).
#define GENCS_REGISTER(op, Op, ...)                                                 \
  REGISTER_KERNEL_BUILDER(op.TypeConstraint<float>("T"), Op<float, ##__VA_ARGS__>); \
  REGISTER_KERNEL_BUILDER(op.TypeConstraint<double>("T"), Op<double, ##__VA_ARGS__>)

}  // namespace gencs

#endif  // GENCS_KERNELS_SUPPORT_H_
