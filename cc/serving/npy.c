#include "cc/serving/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char* name;
  TF_DataType dtype;
} kTypes[] = {{"'<f4'", TF_FLOAT}, {"'<f8'", TF_DOUBLE}, {"'<i4'", TF_INT32},
              {"'<i8'", TF_INT64}, {"'|i1'", TF_INT8},   {"'|b1'", TF_BOOL}};

// Reads what the header tells: 1, or 0 where it tells of no array of numbers.
static int ReadHeader(const char* header, Array* array) {
  const char* place = strstr(header, "'shape': (");
  array->bytes = 0;
  for (size_t i = 0; i < sizeof(kTypes) / sizeof(kTypes[0]); ++i) {
    if (strstr(header, kTypes[i].name) != NULL) {
      array->dtype = kTypes[i].dtype;
      array->bytes = TF_DataTypeSize(array->dtype);
    }
  }
  if (array->bytes == 0 || place == NULL ||
      strstr(header, "'fortran_order': False") == NULL) {
    return 0;
  }
  place += strlen("'shape': (");
  array->axes = 0;
  while (*place != ')') {
    char* end;
    const long long size = strtoll(place, &end, 10);
    if (end == place || size < 0 || array->axes == kMostAxes) return 0;
    array->shape[array->axes++] = size;
    array->bytes *= (size_t)size;
    for (place = end; *place == ',' || *place == ' '; ++place) {
    }
  }
  return 1;
}

int ReadNpy(const char* path, Array* array) {
  FILE* file = fopen(path, "rb");
  unsigned char start[10];
  char* header = NULL;
  int read = 0;
  array->data = NULL;
  if (file == NULL) return 0;
  if (fread(start, 1, 10, file) == 10 && memcmp(start, "\x93NUMPY\x01", 7) == 0) {
    const size_t length = start[8] + 256u * start[9];
    header = (char*)calloc(length + 1, 1);
    if (header != NULL && fread(header, 1, length, file) == length &&
        ReadHeader(header, array)) {
      array->data = malloc(array->bytes + 1);
      read = array->data != NULL &&
             fread(array->data, 1, array->bytes, file) == array->bytes;
    }
  }
  if (!read) {
    free(array->data);
    array->data = NULL;
  }
  free(header);
  fclose(file);
  return read;
}
