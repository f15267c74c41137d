// Reads the few fields of a serialised MetaGraphDef that tell its signatures, so that
// this program needs TensorFlow's C API and nothing else.
//
// Source: tensorflow/core/protobuf/meta_graph.proto.
#ifndef GENCS_SERVING_WIRE_H_
#define GENCS_SERVING_WIRE_H_

#include <stddef.h>

// Bytes of a message, or of a string in it.
typedef struct {
  const unsigned char* data;
  size_t size;
} Bytes;

// The next field of `message` at `*place`: its number, and its content where it has
// bytes (empty where it is a number). 0 at the end, -1 if it is no message.
int NextField(Bytes message, size_t* place, Bytes* content);

// The first field with this number: 1 and its content, or 0 if there is none.
int FindField(Bytes message, int number, Bytes* content);

// The value in a map from strings to messages, of a message, by its key: 1, or 0.
int FindInMap(Bytes message, int number, const char* key, Bytes* value);

#endif  // GENCS_SERVING_WIRE_H_
