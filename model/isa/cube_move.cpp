// SPDX-License-Identifier: Apache-2.0
// copy_gm_to_cbuf, copy_cbuf_to_gm, copy_cbuf_to_bt, copy_cbuf_to_fbuf: moves that keep the order.
#include "isa/cube_move.h"

#include <algorithm>

#include "isa/bursts.h"
#include "isa/cube_core.h"
#include "isa/move.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr uint32_t kBlock = 32;        // bytes
constexpr uint32_t kBiasUnit = 64;     // of lengths and target gaps, bytes
constexpr uint32_t kFixbufUnit = 128;  // the same
constexpr const char* kInSource = "Ascend C API, DataCopy from GM to L1";
constexpr const char* kOutSource = "Ascend C API, DataCopy from L1 to GM";
constexpr const char* kBiasSource = "Ascend C API, DataCopy from L1 to the bias table";
constexpr const char* kFixbufSource = "Ascend C API, DataCopy from L1 to the Fixpipe buffer";

void CheckBursts(const Issue& issue, const NpuBurst& burst, const char* source) {
    RequireAic(issue);
    issue.RequireRange("burst count", burst.count, 0, 4095, source);
}

void HalfToFloat(uint8_t* floats, uint8_t* halves, uint32_t count) {
    constexpr uint32_t kPerRepeat = 64;
    const leaf::UnaryFn convert = leaf::Active().convert[kNpuF16][kNpuF32][leaf::kRoundRint];
    const leaf::Operand target{floats, kBlock, kPerRepeat * 4};
    const leaf::Operand source{halves, kBlock, kPerRepeat * 2};
    convert(target, source, count / kPerRepeat, {~uint64_t{0}, 0});
    const uint32_t whole = count / kPerRepeat * kPerRepeat;
    if (whole < count) {
        convert({floats + whole * 4, kBlock, 0}, {halves + whole * 2, kBlock, 0}, 1,
                {(uint64_t{1} << (count - whole)) - 1, 0});
    }
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuCopyGmToL1(uint32_t target, uint64_t source, const NpuBurst* burst) {
    Issue issue("copy_gm_to_cbuf", kNpuPipeMte2);
    CheckBursts(issue, *burst, kInSource);
    issue.RequireAligned("target", kNpuL1, target, kBlock, kInSource);
    const uint32_t bytes = burst->length * kBlock;
    const Access from =
        Bursts(kNpuGm, source, burst->count, bytes, uint64_t{burst->sourceGap} * kBlock, "source");
    const Access to =
        Bursts(kNpuL1, target, burst->count, bytes, uint64_t{burst->targetGap} * kBlock, "target");
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (!to.Empty()) {
        CopyRows(issue.Host(write), to.outerStride, issue.Host(read), from.outerStride, to.outer,
                 to.run);
    }
}

void NpuCopyL1ToGm(uint64_t target, uint32_t source, const NpuBurst* burst, NpuType type) {
    Issue issue("copy_cbuf_to_gm", kNpuPipeMte3);
    CheckBursts(issue, *burst, kOutSource);
    issue.RequireAligned("source", kNpuL1, source, kBlock, kOutSource);
    const uint32_t bytes = burst->length * kBlock;
    const Access from =
        Bursts(kNpuL1, source, burst->count, bytes, uint64_t{burst->sourceGap} * kBlock, "source");
    const Access to =
        Bursts(kNpuGm, target, burst->count, bytes, uint64_t{burst->targetGap} * kBlock, "target");
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (!to.Empty()) {
        StoreRows(issue, to, issue.Host(write), issue.Host(read), from.outerStride, type);
    }
}

void NpuCopyL1ToBias(uint32_t target, uint32_t source, const NpuBurst* burst, bool halfToFloat) {
    Issue issue("copy_cbuf_to_bt", kNpuPipeMte1);
    CheckBursts(issue, *burst, kBiasSource);
    issue.RequireAligned("target", kNpuBias, target, kBiasUnit, kBiasSource);
    issue.RequireAligned("source", kNpuL1, source, kBlock, kBiasSource);
    const uint32_t bytes = burst->length * kBiasUnit;
    const Access from =
        Bursts(kNpuL1, source, burst->count, bytes, uint64_t{burst->sourceGap} * kBlock, "source");
    const Access to = Bursts(kNpuBias, target, burst->count, halfToFloat ? 2 * bytes : bytes,
                             uint64_t{burst->targetGap} * kBiasUnit, "target");
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (to.Empty()) {
        return;
    }
    for (uint32_t row = 0; halfToFloat && row < to.outer; ++row) {
        HalfToFloat(issue.Host(write) + row * to.outerStride,
                    issue.Host(read) + row * from.outerStride, from.run / 2);
    }
    if (!halfToFloat) {
        CopyRows(issue.Host(write), to.outerStride, issue.Host(read), from.outerStride, to.outer,
                 to.run);
    }
}

void NpuCopyL1ToFixbuf(uint32_t target, uint32_t source, const NpuBurst* burst) {
    Issue issue("copy_cbuf_to_fbuf", kNpuPipeFix);
    CheckBursts(issue, *burst, kFixbufSource);
    issue.RequireAligned("target", kNpuFixbuf, target, kFixbufUnit, kFixbufSource);
    issue.RequireAligned("source", kNpuL1, source, kBlock, kFixbufSource);
    const uint32_t bytes = burst->length * kFixbufUnit;
    Access from =
        Bursts(kNpuL1, source, burst->count, bytes, uint64_t{burst->sourceGap} * kBlock, "source");
    Access to = Bursts(kNpuFixbuf, target, burst->count, bytes,
                       uint64_t{burst->targetGap} * kFixbufUnit, "target");
    // Units of 128 bytes reach beyond the parameters that a kernel has: what is undefined stays so.
    from.carries = to.carries = true;
    // CANN's Fixpipe loads the next parameters behind the move that uses the last ones, without a
    // barrier: the pipe itself keeps that order.
    LocalClock relies = issue.core.StartClock(kNpuPipeFix).local;
    relies[kNpuPipeFix] = std::max(relies[kNpuPipeFix], issue.core.registers.fixbufReader);
    to.relies = &relies;
    const int read = issue.Read(from);
    const int write = issue.Write(to);
    issue.Commit();
    if (to.Empty()) {
        return;
    }
    CopyRows(issue.Host(write), to.outerStride, issue.Host(read), from.outerStride, to.outer,
             to.run);
    for (uint32_t row = 0; issue.checked && row < to.outer; ++row) {
        const uint64_t fromByte = source + row * static_cast<uint64_t>(from.outerStride);
        const uint64_t toByte = target + row * static_cast<uint64_t>(to.outerStride);
        for (uint32_t byte = 0; byte < bytes; byte += kBlock) {
            const uint32_t mask = issue.Shadow(kNpuL1).DefinedBytes(
                static_cast<uint32_t>((fromByte + byte) / kBlock));
            issue.Shadow(kNpuFixbuf)
                .SetDefinedBytes(static_cast<uint32_t>((toByte + byte) / kBlock), mask);
        }
    }
}
