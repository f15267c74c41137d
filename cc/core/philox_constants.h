// The constants of Philox4x32-10; see philox.h.
#ifndef GENCS_CORE_PHILOX_CONSTANTS_H_
#define GENCS_CORE_PHILOX_CONSTANTS_H_

#include <cstdint>

namespace gencs {

constexpr int kPhiloxRounds = 10;
constexpr uint32_t kPhiloxMultiplier0 = 0xd2511f53u;
constexpr uint32_t kPhiloxMultiplier1 = 0xcd9e8d57u;
constexpr uint32_t kPhiloxWeyl0 = 0x9e3779b9u;  // added to the key every round
constexpr uint32_t kPhiloxWeyl1 = 0xbb67ae85u;

}  // namespace gencs

#endif  // GENCS_CORE_PHILOX_CONSTANTS_H_
