// Reads arrays that NumPy wrote: little-endian, in C order, of numbers.
//
// Source: NumPy's "NEP 1, a simple file format for NumPy arrays".
#ifndef GENCS_SERVING_NPY_H_
#define GENCS_SERVING_NPY_H_

#include <tensorflow/c/c_api.h>

enum { kMostAxes = 8 };

typedef struct {
  TF_DataType dtype;
  int axes;
  int64_t shape[kMostAxes];
  size_t bytes;
  void* data;  // of `bytes` bytes, from malloc
} Array;

// Reads a file: 1, or 0 if it cannot be read or holds something else.
int ReadNpy(const char* path, Array* array);

#endif  // GENCS_SERVING_NPY_H_
