// Fuzzes the core, without TensorFlow or Python: `gencs_fuzz SECONDS SEED`, or
// `gencs_fuzz --isa` for the instruction set that it would test (see isa.h).
#include "tests/cc/fuzz.h"

#include <chrono>
#include <cstring>

#include "cc/core/isa.h"

// Null without a sanitizer.
extern "C" void __sanitizer_set_death_callback(void (*callback)())
    __attribute__((weak));

namespace gencs_fuzz {
namespace {

struct Entry {
  const char* name;
  void (*round)(Random&);
  int64_t rounds;
};

std::vector<Entry>& Entries() {
  static std::vector<Entry> entries;
  return entries;
}

// The case that is running; fixed before any thread starts.
const char* current_name = "";
uint64_t current_seed = 0;

void PrintCase() {
  std::fprintf(stderr, "%s on %s, round seed %llu\n", current_name, gencs::IsaName(),
               static_cast<unsigned long long>(current_seed));
}

}  // namespace

Fuzzer::Fuzzer(const char* name, void (*round)(Random&)) {
  Entries().push_back({name, round, 0});
}

void Expect(bool fine, const std::string& what) {
  if (fine) {
    return;
  }
  PrintCase();
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

int Main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--isa") == 0) {
    std::puts(gencs::IsaName());
    return 0;
  }
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(&PrintCase);
  }
  const double seconds = argc > 1 ? std::atof(argv[1]) : 10.0;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  for (uint64_t round = 0; round < 5 || elapsed() < seconds; ++round) {
    for (Entry& entry : Entries()) {
      current_name = entry.name;
      current_seed = seed + round;
      Random random(current_seed);
      entry.round(random);
      ++entry.rounds;
    }
  }
  for (const Entry& entry : Entries()) {
    std::printf("%s on %s: %lld rounds from seed %llu\n", entry.name, gencs::IsaName(),
                static_cast<long long>(entry.rounds),
                static_cast<unsigned long long>(seed));
  }
  return 0;
}

}  // namespace gencs_fuzz

int main(int argc, char** argv) { return gencs_fuzz::Main(argc, argv); }
