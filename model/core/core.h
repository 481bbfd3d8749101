// SPDX-License-Identifier: Apache-2.0
// One AI Core (AIC or AIV) during a launch: buffers, registers, pipes, flags.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/cross_core.h"
#include "core/data_cache.h"
#include "core/event_flags.h"
#include "core/fault.h"
#include "core/fiber.h"
#include "core/local_memory.h"
#include "core/product_tiles.h"
#include "core/unit_flags.h"

namespace npu_model {

class LaunchState;

struct PipeCounters {
    uint64_t instructions = 0;
    uint64_t gmReadBytes = 0;
    uint64_t gmWrittenBytes = 0;
    uint64_t localReadBytes = 0;
    uint64_t localWrittenBytes = 0;
    uint64_t macs = 0;  // multiply-accumulates of the cube
};

// Control registers that instructions read. All values are those at kernel start.
struct Registers {
    uint64_t maskLow = ~uint64_t{0};
    uint64_t maskHigh = ~uint64_t{0};
    bool counterMode = false;
    NpuAtomic atomic = kNpuAtomicNone;
    NpuType atomicType = kNpuF32;
    std::optional<uint64_t> padValue;
    uint64_t storeAtomic = 0;                 // set_st_atomic_cfg
    std::array<uint64_t, 2> compareMask{};    // written by register compares, read by select
    uint32_t compareMaskSetter = 0;           // number on V of the SetCmpMask that wrote it, or 0
    std::optional<uint64_t> compressedCount;  // elements that vreducev2 kept
    uint64_t deqScale = 0;
    std::optional<uint64_t> extreme;      // of vcmax, vcmin: value bits low, index high
    std::optional<uint64_t> accumulator;  // of vcadd in accumulation mode
    std::array<std::array<uint32_t, 8>, 4> addresses{};  // VA0 .. VA3
    bool hf32 = false;                                   // Mmad rounds floats
    bool hf32TiesToZero = false;
    bool madRowMajor = false;
    std::array<std::optional<uint64_t>, 2> featureMap;  // set_fmatrix, set_fmatrix_b
    uint64_t imageBoundary = 0;                         // set_l1_3d_size
    uint64_t imagePadding = 0;                          // set_padding
    uint64_t imageRepeat = uint64_t{1} << 16;           // set_l3d_rpt: once
    std::optional<uint64_t> ndPara;                     // set_nd_para
    std::optional<uint64_t> quantPre;                   // set_quant_pre
    std::optional<uint64_t> fixpipeConfig;              // set_fpc
    uint32_t fixbufReader = 0;  // last instruction of FIX that read the Fixpipe buffer
};

class Core {
 public:
    Core(LaunchState* launch, int32_t number, NpuCoreKind kind, int64_t block, int64_t subBlock);

    LaunchState& Launch() const { return *launch_; }
    int32_t Number() const { return number_; }
    NpuCoreKind Kind() const { return kind_; }
    int64_t Block() const { return block_; }
    int64_t SubBlock() const { return subBlock_; }
    bool Checked() const { return checked_; }
    std::string Name() const;

    LocalMemory& Local(NpuMemory memory);
    uint8_t* Ub(uint32_t address) { return Local(kNpuUb).data() + address; }

    // Takes the next instruction number of the pipe and, in checked mode, notes its place.
    uint32_t BeginInstruction(NpuPipe pipe, const char* name, uint64_t address);
    InstructionRecord Record(NpuPipe pipe, uint32_t number) const;
    // What an instruction that `pipe` starts now may rely on.
    const Clock& StartClock(NpuPipe pipe);
    uint32_t LastNumber(NpuPipe pipe) const { return last_[pipe]; }

    // Everything that `pipe` did so far, and all that it knew, as a clock for others.
    Clock CompletionClock(NpuPipe pipe) const;
    void JoinClock(NpuPipe pipe, const Clock& clock);
    // Takes over what another core knew, also about this core; null is "nothing".
    void JoinRemote(NpuPipe pipe, const std::shared_ptr<const RemoteClock>& known);
    void Barrier(NpuPipe pipe);

    // After the kernel function has returned: writes the data cache back and, in checked mode,
    // raises what was left behind (flags, modes, dirty lines).
    void Finish();
    // False while it waits for a cross-core flag that nobody has counted up.
    bool CanRun() const {
        return waitFlag < 0 || crossCoreFlags[static_cast<size_t>(waitFlag)].Pending() > 0;
    }
    // True once the kernel has ended here; gives the local buffers back. Counters stay,
    // and the names of instructions, for races with cores that end later.
    bool ReleaseIfDone();

    Registers registers;
    EventFlags flags;
    UnitFlags unitFlags;  // of L0C
    ProductTiles productTiles;
    DataCache cache;
    std::array<PipeCounters, kNpuPipeCount> counters{};
    // The 16 flags of the hardware, then one for the barrier through GM.
    std::array<CrossCoreFlag, 17> crossCoreFlags{};
    static constexpr int32_t kSoftSyncFlag = 16;
    bool libraryScratch = false;  // a library function that uses the end of UB runs
    int32_t softSyncs = 0;        // barriers through GM that this core has entered
    std::array<void*, kNpuFrontEndSlots> frontEnd{};
    std::unique_ptr<Fiber> fiber;
    std::string waitsFor;   // for the deadlock report; empty while runnable
    int32_t waitFlag = -1;  // the cross-core flag that would end the wait
    bool polled = false;    // yielded in a polling loop since it last ran

    // Notes that the scalar pipe looks at GM, or `drops` what it saw from its cache. Yields to the
    // other cores when it has looked at one place again and again without doing anything else;
    // less often when it never drops anything, so that it may as well read a table.
    void Look(uint64_t address, bool drops = false);
    uint64_t BytesWrittenToGm() const;

 private:
    void CheckEnd();
    void CheckStack(const InstructionRecord& instruction) const;

    // An instruction and where it is: the call into the instruction set, then the callers of that.
    struct LogEntry {
        const char* name;
        std::array<uint64_t, 4> addresses;
    };
    LogEntry MakeEntry(const char* name, uint64_t address, const void* frame) const;
    static constexpr uint32_t kLogEntries = 1u << 12;  // instructions of a pipe that keep a name

    LaunchState* launch_;
    int32_t number_;
    NpuCoreKind kind_;
    int64_t block_;
    int64_t subBlock_;
    bool checked_;
    std::array<std::unique_ptr<LocalMemory>, kNpuMemoryCount> local_;
    std::array<uint32_t, kNpuPipeCount> last_{};  // number of the newest instruction
    std::array<Clock, kNpuPipeCount> clocks_{};
    std::array<uint64_t, kNpuPipeCount> joinedScalar_{};
    Clock scalarWaits_;           // what the scalar pipe has waited for
    uint64_t scalarVersion_ = 0;  // counts those waits
    std::array<std::vector<LogEntry>, kNpuPipeCount> log_;

    // Looks of the scalar pipe at GM, for loops that only look.
    struct Looking {
        uint64_t looks = 0;      // ever
        uint64_t otherWork = 0;  // instructions that were no looks, so far
        bool drops = false;      // something, since the last other work
        uint32_t repetitions = 0;
        // A place that may come round again, chosen anew after 1, 2, 4 ... looks (R. P. Brent,
        // 1980)
        uint64_t address = 0;
        uint64_t steps = 0;
        uint64_t limit = 1;
    };
    Looking looking_;
};

// The core whose fiber runs on this thread.
Core& CurrentCore();
void SetCurrentCore(Core* core);

}  // namespace npu_model
