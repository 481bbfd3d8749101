// SPDX-License-Identifier: Apache-2.0
// Chooses the architecture level of the leaves. Compiled once, with the flags of the model:
// NPU_LEAF_HAVE_V3 and NPU_LEAF_HAVE_V4 say which levels were built beside the baseline.
#include <atomic>

#include "leaf/table.h"

namespace npu_model::leaf {

namespace baseline {
void FillTable(Table& table);
}
#ifdef NPU_LEAF_HAVE_V3
namespace v3 {
void FillTable(Table& table);
}
#endif
#ifdef NPU_LEAF_HAVE_V4
namespace v4 {
void FillTable(Table& table);
}
#endif

namespace {

bool Has(Level level) {
    switch (level) {
        case Level::kBaseline:
            return true;
        case Level::kV3:
#ifdef NPU_LEAF_HAVE_V3
            return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                   __builtin_cpu_supports("f16c") != 0 && __builtin_cpu_supports("bmi2") != 0;
#else
            return false;
#endif
        case Level::kV4:
#ifdef NPU_LEAF_HAVE_V4
            return Has(Level::kV3) && __builtin_cpu_supports("avx512f") != 0 &&
                   __builtin_cpu_supports("avx512bw") != 0 &&
                   __builtin_cpu_supports("avx512dq") != 0 &&
                   __builtin_cpu_supports("avx512vl") != 0;
#else
            return false;
#endif
    }
    return false;
}

Table Make(Level level) {
    Table table{};
    switch (level) {
#ifdef NPU_LEAF_HAVE_V4
        case Level::kV4:
            v4::FillTable(table);
            break;
#endif
#ifdef NPU_LEAF_HAVE_V3
        case Level::kV3:
            v3::FillTable(table);
            break;
#endif
        default:
            baseline::FillTable(table);
            break;
    }
    return table;
}

template <Level kLevel>
const Table& Get() {
    static const Table table = Make(kLevel);
    return table;
}

const Table& Get(Level level) {
    switch (level) {
        case Level::kV4:
            return Get<Level::kV4>();
        case Level::kV3:
            return Get<Level::kV3>();
        default:
            return Get<Level::kBaseline>();
    }
}

struct Choice {
    std::atomic<Level> level{BestLevel()};
    std::atomic<const Table*> table{&Get(BestLevel())};
};

Choice& Chosen() {
    static Choice choice;
    return choice;
}

}  // namespace

Level BestLevel() {
    if (Has(Level::kV4)) {
        return Level::kV4;
    }
    return Has(Level::kV3) ? Level::kV3 : Level::kBaseline;
}

bool SetLevel(Level level) {
    if (!Has(level)) {
        return false;
    }
    Chosen().level = level;
    Chosen().table = &Get(level);
    return true;
}

Level ActiveLevel() { return Chosen().level; }

const Table& Active() { return *Chosen().table.load(std::memory_order_relaxed); }

}  // namespace npu_model::leaf
