// SPDX-License-Identifier: Apache-2.0
// Runs a kernel on the model: the one entry point of libnpu_model.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/core.h"
#include "core/export.h"
#include "core/fault.h"
#include "core/global_memory.h"
#include "core/site.h"
#include "core/soc.h"
#include "core/stream.h"

namespace npu_model {

enum class Mode : uint8_t {
    kFast,     // arithmetic and bounds
    kChecked,  // plus every rule
};

// In which order cores that can run take their turn.
enum class Order : uint8_t { kForward, kReversed, kSeeded };

// Which cores a kernel runs on. Values and names as in CANN's KERNEL_TASK_TYPE.
enum class KernelType : uint8_t {
    kAivOnly,
    kAicOnly,
    kMixAiv10,  // AIV only, with the hardware for flags between cores
    kMixAic10,
    kMixAic11,  // one AIC and one AIV a block
    kMixAic12,  // one AIC and two AIV a block
};

struct LaunchRequest {
    std::string kernel;
    void (*function)() = nullptr;     // takes `arguments` as 64-bit integers
    void (*startCore)() = nullptr;    // of the library, or null; runs on a core before `function`
    std::vector<uint64_t> arguments;  // device addresses, at most 24
    KernelType type = KernelType::kAivOnly;
    int32_t blocks = 1;
    uint64_t tilingKey = 0;
    std::vector<Region> regions;
    const Soc* soc = nullptr;
    Mode mode = Mode::kChecked;
    Order order = Order::kForward;
    uint64_t seed = 0;
    bool collectSites = false;
    std::vector<CallChain> mutatedSites;  // whose ordering edge is taken away
    bool collectStream = false;           // note what every instruction did; checked mode
    bool echo = true;                     // write printf of the kernel to stdout
};

struct LaunchReport {
    std::optional<Fault> fault;
    // By core kind (AIC, AIV), then pipe; summed over cores.
    std::array<std::array<PipeCounters, kNpuPipeCount>, 2> counters{};
    int32_t cores = 0;
    std::vector<Site> sites;
    std::vector<StreamEntry> stream;
    std::vector<CallChain> streamChains;
    std::string printed;
};

NPU_EXPORT LaunchReport Launch(const LaunchRequest& request);

}  // namespace npu_model
