// Loads an export of tf_gencs as a server does, by TensorFlow's C API, without Python
// and without an op library; asks every example it holds and compares the answers.
//
//   gencs_run_export EXPORT/1 [TOLERANCE [REQUESTS THREADS]]
//
// TOLERANCE is how far signals may be from the stored ones, relative to their largest
// number (0.01). With REQUESTS, so many more go out from THREADS threads, each compared
// with the first answer to the same, and memory must not grow by more than 5 %.
// The exit status is 0 where all is well, 1 where an answer is wrong, 2 where the
// export cannot be loaded or asked.
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tensorflow/c/c_api.h>
#include <unistd.h>

#include "cc/serving/npy.h"
#include "cc/serving/wire.h"

enum { kMostTensors = 16, kPath = 4096, kMostExamples = 64 };

typedef struct {
  int count;
  char names[kMostTensors][64];
  TF_Output places[kMostTensors];
  Array arrays[kMostTensors];
} Side;

typedef struct {
  char name[64];
  char signature[64];
  char may_differ[256];  // names of outputs, a space around each
  Side inputs, outputs;
  double* first[kMostTensors];  // answers that later ones are compared with
} Example;

static TF_Graph* graph;
static TF_Session* session;
static Example examples[kMostExamples];
static int example_count;
static double tolerance = 0.01;

static void Fail(const char* what, const char* which) {
  fprintf(stderr, "%s: %s\n", which, what);
  exit(2);
}

// Copies a text, or two with a / between; fails where there is no room for it.
static void Copy(char* target, size_t size, const char* text, const char* more) {
  const int length = more == NULL ? snprintf(target, size, "%s", text)
                                  : snprintf(target, size, "%s/%s", text, more);
  if (length < 0 || (size_t)length >= size) Fail("is too long", text);
}

// Finds the tensors of one side of a signature.
static void FindTensors(Bytes signature, int number, Side* side, const char* what) {
  for (int i = 0; i < side->count; ++i) {
    Bytes info, name;
    char place[kPath];
    if (!FindInMap(signature, number, side->names[i], &info) ||
        !FindField(info, 1, &name) || name.size >= sizeof(place)) {
      Fail("the signature has no such tensor", side->names[i]);
    }
    memcpy(place, name.data, name.size);
    place[name.size] = '\0';
    char* colon = strrchr(place, ':');
    if (colon == NULL) Fail("a tensor has a strange name", what);
    *colon = '\0';
    side->places[i].oper = TF_GraphOperationByName(graph, place);
    side->places[i].index = atoi(colon + 1);
    if (side->places[i].oper == NULL) Fail("an operation is missing", place);
  }
}

static void ReadSide(const char* folder, const char* kind, Side* side) {
  char path[kPath];
  Copy(path, sizeof(path), folder, kind);
  DIR* listing = opendir(path);
  if (listing == NULL) Fail("cannot be read", path);
  for (struct dirent* entry; (entry = readdir(listing)) != NULL;) {
    const size_t length = strlen(entry->d_name);
    if (length < 5 || strcmp(entry->d_name + length - 4, ".npy") != 0) continue;
    char file[kPath];
    Copy(file, sizeof(file), path, entry->d_name);
    if (side->count == kMostTensors || !ReadNpy(file, &side->arrays[side->count])) {
      Fail("is no array that can be read", file);
    }
    entry->d_name[length - 4] = '\0';
    Copy(side->names[side->count], sizeof(side->names[0]), entry->d_name, NULL);
    ++side->count;
  }
  closedir(listing);
}

// Names of outputs that need not be alike, from a file that may be missing.
static void ReadMayDiffer(const char* folder, Example* example) {
  char path[kPath], word[64];
  Copy(path, sizeof(path), folder, "may_differ.txt");
  strcpy(example->may_differ, " ");
  FILE* file = fopen(path, "r");
  if (file == NULL) return;
  while (fscanf(file, "%63s", word) == 1) {
    if (strlen(example->may_differ) + strlen(word) + 2 > sizeof(example->may_differ)) {
      Fail("names too many outputs", path);
    }
    strcat(strcat(example->may_differ, word), " ");
  }
  fclose(file);
}

static void ReadExample(const char* folder, const char* name, Bytes meta_graph) {
  Example* example = &examples[example_count++];
  char path[kPath];
  Copy(path, sizeof(path), folder, "signature.txt");
  FILE* file = fopen(path, "r");
  if (file == NULL || fscanf(file, "%63s", example->signature) != 1) {
    Fail("cannot be read", path);
  }
  fclose(file);
  Copy(example->name, sizeof(example->name), name, NULL);
  ReadMayDiffer(folder, example);
  ReadSide(folder, "inputs", &example->inputs);
  ReadSide(folder, "outputs", &example->outputs);
  Bytes signature;
  if (!FindInMap(meta_graph, 5, example->signature, &signature)) {
    Fail("the export has no such signature", example->signature);
  }
  FindTensors(signature, 1, &example->inputs, example->name);
  FindTensors(signature, 2, &example->outputs, example->name);
}

static void ReadExamples(const char* export_path, Bytes meta_graph) {
  char folder[kPath], path[kPath];
  Copy(folder, sizeof(folder), export_path, "assets.extra/examples");
  struct dirent** entries;
  const int count = scandir(folder, &entries, NULL, alphasort);
  if (count < 0) Fail("holds no examples: export it with warmup=True", export_path);
  for (int i = 0; i < count; ++i) {
    if (entries[i]->d_name[0] != '.') {
      if (example_count == kMostExamples) Fail("holds too many examples", export_path);
      Copy(path, sizeof(path), folder, entries[i]->d_name);
      ReadExample(path, entries[i]->d_name, meta_graph);
    }
    free(entries[i]);
  }
  free(entries);
}

static double Number(const void* data, TF_DataType dtype, size_t place) {
  switch (dtype) {
    case TF_FLOAT:
      return ((const float*)data)[place];
    case TF_DOUBLE:
      return ((const double*)data)[place];
    case TF_INT32:
      return ((const int32_t*)data)[place];
    case TF_INT64:
      return (double)((const int64_t*)data)[place];
    default:
      return ((const int8_t*)data)[place];
  }
}

// Whether an output must be alike.
static int Compared(const Example* example, const char* name) {
  char word[66];
  snprintf(word, sizeof(word), " %s ", name);
  return strstr(example->may_differ, word) == NULL;
}

// Runs an example: its outputs, which the caller deletes.
static int Ask(const Example* example, TF_Tensor** outputs) {
  TF_Tensor* inputs[kMostTensors];
  TF_Status* status = TF_NewStatus();
  for (int i = 0; i < example->inputs.count; ++i) {
    const Array* array = &example->inputs.arrays[i];
    inputs[i] = TF_AllocateTensor(array->dtype, array->shape, array->axes, array->bytes);
    memcpy(TF_TensorData(inputs[i]), array->data, array->bytes);
  }
  TF_SessionRun(session, NULL, example->inputs.places, inputs, example->inputs.count,
                example->outputs.places, outputs, example->outputs.count, NULL, 0, NULL,
                status);
  const int done = TF_GetCode(status) == TF_OK;
  if (!done) fprintf(stderr, "%s: %s\n", example->name, TF_Message(status));
  for (int i = 0; i < example->inputs.count; ++i) TF_DeleteTensor(inputs[i]);
  TF_DeleteStatus(status);
  return done;
}

// Whether an answer has the type and the size of the stored one.
static int Fits(const Array* array, const TF_Tensor* got) {
  return TF_TensorType(got) == array->dtype && TF_TensorByteSize(got) == array->bytes;
}

// The largest difference of an output from an answer, relative to its largest number.
// `expected` is the stored array, or the numbers of an earlier answer.
static double Difference(const Example* example, int output, const TF_Tensor* got,
                         const double* expected) {
  const Array* array = &example->outputs.arrays[output];
  const size_t count = array->bytes / TF_DataTypeSize(array->dtype);
  double gap = 0, largest = 1e-30;
  if (!Fits(array, got)) return INFINITY;
  for (size_t i = 0; i < count; ++i) {
    const double told = Number(TF_TensorData(got), array->dtype, i);
    const double wanted =
        expected != NULL ? expected[i] : Number(array->data, array->dtype, i);
    if (told == wanted || (isnan(told) && isnan(wanted))) {
      if (!isfinite(wanted)) continue;
    } else if (!isfinite(told) || !isfinite(wanted)) {
      return INFINITY;
    }
    gap = fmax(gap, fabs(told - wanted));
    if (fabs(wanted) > largest) largest = fabs(wanted);
  }
  return gap / largest;
}

static int CheckExample(Example* example) {
  TF_Tensor* outputs[kMostTensors] = {NULL};
  if (!Ask(example, outputs)) exit(2);
  int good = 1;
  printf("%s (%s):", example->name, example->signature);
  for (int i = 0; i < example->outputs.count; ++i) {
    if (!Fits(&example->outputs.arrays[i], outputs[i])) {
      Fail("is of another type or size than in Python", example->outputs.names[i]);
    }
    const double difference = Difference(example, i, outputs[i], NULL);
    printf(" %s %.2g", example->outputs.names[i], difference);
    if (Compared(example, example->outputs.names[i]) && !(difference <= tolerance)) good = 0;
    const Array* array = &example->outputs.arrays[i];
    const size_t count = array->bytes / TF_DataTypeSize(array->dtype);
    example->first[i] = (double*)malloc(count * sizeof(double) + 1);
    for (size_t j = 0; j < count; ++j) {
      example->first[i][j] = Number(TF_TensorData(outputs[i]), array->dtype, j);
    }
    TF_DeleteTensor(outputs[i]);
  }
  printf(good ? "\n" : "  WRONG\n");
  return good;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long asked, requests, wrong;

static void* AskOn(void* unused) {
  (void)unused;
  for (;;) {
    pthread_mutex_lock(&lock);
    const long number = asked < requests ? asked++ : -1;
    pthread_mutex_unlock(&lock);
    if (number < 0) return NULL;
    const Example* example = &examples[number % example_count];
    TF_Tensor* outputs[kMostTensors] = {NULL};
    int good = Ask(example, outputs);
    for (int i = 0; i < example->outputs.count && outputs[i] != NULL; ++i) {
      if (Compared(example, example->outputs.names[i]) &&
          !(Difference(example, i, outputs[i], example->first[i]) <= tolerance)) {
        good = 0;
      }
      TF_DeleteTensor(outputs[i]);
    }
    if (!good) {
      pthread_mutex_lock(&lock);
      ++wrong;
      pthread_mutex_unlock(&lock);
    }
  }
}

static double Megabytes(void) {
  long pages = 0, resident = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
  if (file != NULL) fclose(file);
  return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void AskFrom(int threads, long count) {
  pthread_t running[64];
  asked = 0;
  requests = count;
  if (threads < 1 || threads > 64) Fail("is no number of threads from 1 to 64", "THREADS");
  for (int i = 0; i < threads; ++i) {
    if (pthread_create(&running[i], NULL, AskOn, NULL)) Fail("cannot start", "a thread");
  }
  for (int i = 0; i < threads; ++i) pthread_join(running[i], NULL);
}

int main(int argc, char** argv) {
  if (argc < 2 || argc == 4 || argc > 5) {
    fprintf(stderr, "usage: %s EXPORT/1 [TOLERANCE [REQUESTS THREADS]]\n", argv[0]);
    return 2;
  }
  if (argc > 2) tolerance = atof(argv[2]);
  if (!(tolerance > 0)) Fail("is no tolerance above 0", argv[2]);
  TF_Status* status = TF_NewStatus();
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Buffer* meta_graph = TF_NewBuffer();
  const char* tags[] = {"serve"};
  graph = TF_NewGraph();
  session = TF_LoadSessionFromSavedModel(options, NULL, argv[1], tags, 1, graph,
                                         meta_graph, status);
  if (TF_GetCode(status) != TF_OK) Fail(TF_Message(status), argv[1]);
  const Bytes message = {(const unsigned char*)meta_graph->data, meta_graph->length};
  ReadExamples(argv[1], message);
  if (example_count == 0) Fail("holds no examples", argv[1]);
  int good = 1;
  for (int i = 0; i < example_count; ++i) good &= CheckExample(&examples[i]);
  if (argc == 5) {
    const int threads = atoi(argv[4]);
    const long count = atol(argv[3]);
    if (count < 1) Fail("is no number of requests of at least 1", argv[3]);
    AskFrom(threads, count / 10);  // memory settles
    const double before = Megabytes();
    AskFrom(threads, count);
    const double grown = Megabytes() / before - 1;
    printf("%ld requests from %d threads: %ld wrong, memory %.0f MB, grown by %.1f %%\n",
           count, threads, wrong, before, 100 * grown);
    good &= wrong == 0 && grown <= 0.05;
  }
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteGraph(graph);
  TF_DeleteBuffer(meta_graph);
  TF_DeleteSessionOptions(options);
  TF_DeleteStatus(status);
  printf(good ? "ok\n" : "NOT OK\n");
  return good ? 0 : 1;
}
