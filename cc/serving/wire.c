#include "cc/serving/wire.h"

#include <string.h>

static int ReadVarint(Bytes message, size_t* place, unsigned long long* value) {
  *value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (*place >= message.size) return 0;
    const unsigned char byte = message.data[(*place)++];
    *value |= (unsigned long long)(byte & 127) << shift;
    if (byte < 128) return 1;
  }
  return 0;
}

int NextField(Bytes message, size_t* place, Bytes* content) {
  unsigned long long tag, size = 0;
  content->data = message.data;
  content->size = 0;
  if (*place == message.size) return 0;
  if (!ReadVarint(message, place, &tag)) return -1;
  switch (tag & 7) {
    case 0:
      if (!ReadVarint(message, place, &size)) return -1;
      return (int)(tag >> 3);
    case 1:
      size = 8;
      break;
    case 2:
      if (!ReadVarint(message, place, &size)) return -1;
      break;
    case 5:
      size = 4;
      break;
    default:
      return -1;
  }
  if (size > message.size - *place) return -1;
  content->data = message.data + *place;
  content->size = (size_t)size;
  *place += (size_t)size;
  return (int)(tag >> 3);
}

int FindField(Bytes message, int number, Bytes* content) {
  size_t place = 0;
  int found;
  while ((found = NextField(message, &place, content)) > 0) {
    if (found == number) return 1;
  }
  return 0;
}

int FindInMap(Bytes message, int number, const char* key, Bytes* value) {
  size_t place = 0;
  int found;
  Bytes entry, name;
  while ((found = NextField(message, &place, &entry)) > 0) {
    if (found == number && FindField(entry, 1, &name) &&
        name.size == strlen(key) && memcmp(name.data, key, name.size) == 0) {
      return FindField(entry, 2, value);
    }
  }
  return 0;
}
