// SPDX-License-Identifier: Apache-2.0
// vcadd, vcgadd, vcgmax, vcgmin, vcpadd, vcmax, vcmin, and the registers with their results.
#include "isa/lane_bytes.h"
#include "isa/overlap.h"
#include "isa/vector_support.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kReduceSource = "Ascend C API, reductions";
constexpr uint64_t kLargestStride = 65535;

// What one repeat writes, and what has to be enabled for each part of it.
struct Results {
    uint32_t bytes;
    uint32_t alignment;    // of the target
    uint32_t resultBytes;  // one result
    uint32_t lanes;        // source lanes of one result
};

// The target of a reduction: where the results of each repeat go, less those without a lane.
class ResultWriter {
 public:
    ResultWriter(VectorIssue& vector, uint32_t target, uint32_t targetRepeat,
                 const Results& results)
        : vector_(vector),
          target_(target),
          stride_(int64_t{targetRepeat} * results.bytes),
          results_(results) {
        Issue& issue = vector.issue;
        issue.RequireAligned("dst", kNpuUb, target, results.alignment, kReduceSource);
        issue.RequireRange("dst repeat stride", targetRepeat, 0, kLargestStride, kReduceSource);
        for (const VectorBatch& batch : vector) {
            issue.Write(MakeAccess(batch));
        }
    }

    uint8_t* Host(const VectorBatch& batch) const {
        return vector_.issue.core.Ub(target_) + batch.first * stride_;
    }
    int64_t Stride() const { return stride_; }

    // A repeat must not read results of an earlier one.
    void RequireNoFeedback(uint32_t source, NpuVectorStride stride) {
        RepeatOverlap overlap;
        for (const VectorBatch& batch : vector_) {
            BlockMasks masks;
            const Access from = EnabledBlocks(vector_, batch, source, stride, &masks);
            if (overlap.Add(MakeAccess(batch), from)) {
                vector_.issue.Fail(FaultKind::kOverlap, "dst",
                                   "of a repeat must not be read by a later repeat as src",
                                   "Ascend C API, general rules on overlapping addresses");
            }
        }
    }

 private:
    static constexpr uint32_t kMostRuns = 4;

    Access MakeAccess(const VectorBatch& batch) {
        const uint32_t run = std::min(results_.bytes, kBlockBytes);
        const uint32_t parts = (EndLane(batch.lanes) + results_.lanes - 1) / results_.lanes;
        Access access = Rows(kNpuUb, target_ + static_cast<uint64_t>(batch.first * stride_),
                             batch.repeats, stride_, run, "dst");
        access.inner = (parts * results_.resultBytes + run - 1) / run;
        access.innerStride = run;
        if (vector_.issue.checked && !batch.full) {
            MarkParts(batch.lanes, results_.lanes, parts, results_.resultBytes, written_.data());
            access.bytes = written_.data();
        }
        return access;
    }

    VectorIssue& vector_;
    uint32_t target_;
    int64_t stride_;
    Results results_;
    std::array<uint32_t, kMostRuns> written_;  // bytes of each run; partial masks come last
};

NpuVectorStride SourceStride(const Issue& issue, const NpuReduceRepeat& repeat) {
    issue.RequireRange("src block stride", repeat.sourceBlock, 0, kLargestStride, kReduceSource);
    issue.RequireRange("src repeat stride", repeat.sourceRepeat, 0, kLargestStride, kReduceSource);
    return {static_cast<uint16_t>(repeat.sourceBlock), static_cast<uint16_t>(repeat.sourceRepeat)};
}

struct ReduceForm {
    const char* name;
    leaf::ReduceOp leaf;
    uint32_t lanesOfHalf, lanesOfFloat;  // source lanes of one result
};
constexpr ReduceForm kReduceForms[] = {
    {"vcadd", leaf::kReduceSum, 128, 64},     {"vcgadd", leaf::kReduceBlockSum, 16, 8},
    {"vcgmax", leaf::kReduceBlockMax, 16, 8}, {"vcgmin", leaf::kReduceBlockMin, 16, 8},
    {"vcpadd", leaf::kReducePairSum, 2, 2},
};
static_assert(sizeof(kReduceForms) / sizeof(kReduceForms[0]) == kNpuReduceOpCount);

Results ResultsOf(const ReduceForm& form, NpuType type) {
    const uint32_t size = TypeBytes(type);
    const uint32_t lanes = size == 2 ? form.lanesOfHalf : form.lanesOfFloat;
    const uint32_t bytes = kRepeatBytes / lanes;
    return {bytes, std::min(bytes, kBlockBytes), size, lanes};
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorReduce(NpuReduceOp op, NpuType type, uint32_t target, uint32_t source,
                     const NpuReduceRepeat* repeat) {
    const ReduceForm& form = kReduceForms[op];
    VectorIssue vector(form.name, TypeBytes(type), repeat->repeats);
    const leaf::ReduceFn reduce = leaf::Active().reduce[form.leaf][type];
    RequireType(vector, reduce != nullptr, type, "src", kReduceSource);
    const NpuVectorStride stride = SourceStride(vector.issue, *repeat);
    const int read = vector.Read(source, stride, TypeBytes(type), "src");
    ResultWriter writer(vector, target, repeat->targetRepeat, ResultsOf(form, type));
    vector.Commit();
    if (vector.issue.checked) {
        writer.RequireNoFeedback(source, stride);
    }
    for (const VectorBatch& batch : vector) {
        reduce(writer.Host(batch), writer.Stride(), vector.Host(read, batch), batch.repeats,
               batch.lanes);
    }
}

void NpuVectorAccumulate(NpuType type, uint32_t source, const NpuReduceRepeat* repeat) {
    VectorIssue vector("vcadd", TypeBytes(type), repeat->repeats);
    const leaf::AccumulateFn accumulate = leaf::Active().accumulate[type];
    RequireType(vector, accumulate != nullptr, type, "src", kReduceSource);
    const NpuVectorStride stride = SourceStride(vector.issue, *repeat);
    const int read = vector.Read(source, stride, TypeBytes(type), "src");
    vector.Commit();
    uint32_t sum = type == kNpuF16 ? 0x8000u : 0x80000000u;  // -0, the neutral element
    for (const VectorBatch& batch : vector) {
        sum = accumulate(vector.Host(read, batch), batch.repeats, batch.lanes, sum);
        vector.issue.core.registers.accumulator = sum;
    }
}

void NpuVectorExtreme(bool largest, NpuExtremeOrder order, NpuType type, uint32_t target,
                      uint32_t source, const NpuReduceRepeat* repeat) {
    const uint32_t size = TypeBytes(type);
    VectorIssue vector(largest ? "vcmax" : "vcmin", size, repeat->repeats);
    const leaf::Table& table = leaf::Active();
    const leaf::ExtremeFn find = largest ? table.largest[type] : table.smallest[type];
    RequireType(vector, find != nullptr, type, "src", kReduceSource);
    const NpuVectorStride stride = SourceStride(vector.issue, *repeat);
    const int read = vector.Read(source, stride, TypeBytes(type), "src");
    const uint32_t bytes = order == kNpuOnlyIndex   ? uint32_t{sizeof(uint32_t)}
                           : order == kNpuOnlyValue ? size
                                                    : 2 * size;
    ResultWriter writer(vector, target, repeat->targetRepeat,
                        {bytes, bytes, bytes, vector.LanesPerRepeat()});
    vector.Commit();
    if (vector.issue.checked) {
        writer.RequireNoFeedback(source, stride);
    }
    Registers& registers = vector.issue.core.registers;
    const bool contiguous = repeat->sourceBlock == 1 && repeat->sourceRepeat == kBlocksPerRepeat &&
                            !registers.counterMode;
    for (const VectorBatch& batch : vector) {
        const leaf::Extreme extreme =
            find(writer.Host(batch), writer.Stride(), static_cast<leaf::ExtremeOrder>(order),
                 vector.Host(read, batch), batch.repeats, batch.lanes);
        registers.extreme.reset();
        if (contiguous) {
            registers.extreme = uint64_t{extreme.index} << 32 | extreme.value;
        }
    }
}

uint64_t NpuAccumulator() {
    Issue issue("get_acc_val", kNpuPipeS);
    issue.Commit();
    if (!issue.core.registers.accumulator) {
        issue.Fail(FaultKind::kUninitialized, "ACC_VAL", "must be written by vcadd before",
                   "Ascend C API, GetAccVal");
    }
    return *issue.core.registers.accumulator;
}

uint64_t NpuExtremeResult() {
    Issue issue("get_max_min_cnt", kNpuPipeS);
    issue.Commit();
    if (!issue.core.registers.extreme) {
        issue.Fail(FaultKind::kUninitialized, "MAX_MIN_CNT",
                   "must be written before, by vcmax or vcmin in normal mode with src block "
                   "stride 1 and src repeat stride 8",
                   "Ascend C API, GetReduceMaxMinCount");
    }
    return *issue.core.registers.extreme;
}
