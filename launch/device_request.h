// What a rank asks of this machine's GPUs, from the run file and from where the program lies.
#pragma once

#include <string>

#include "framework/recipe/run_plan.h"
#include "parallel/cuda/device.h"

namespace ft {

// `wanted`: parallel.device. local_rank, local_size: the rank's number among those of its host, and how many they are.
[[nodiscard]] DeviceRequest device_request(DeviceKind wanted, int local_rank, int local_size, const std::string& host);

}  // namespace ft
