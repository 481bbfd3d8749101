// SPDX-License-Identifier: Apache-2.0
// Block by block, in the order of the repeats; only where the quick answers do not settle it.
#include "isa/vector_overlap.h"

#include <algorithm>
#include <vector>

namespace npu_model {
namespace {

constexpr uint32_t kBlockBytes = 32;

uint32_t MostBlocks(const VectorFootprint& operand) {
    uint32_t most = 0;
    for (size_t i = 0; i < operand.batchCount; ++i) {
        most = std::max(most, operand.batches[i].blocks);
    }
    return most;
}

uint32_t Repeats(const VectorFootprint& operand) {
    uint32_t repeats = 0;
    for (size_t i = 0; i < operand.batchCount; ++i) {
        repeats += operand.batches[i].repeats;
    }
    return repeats;
}

uint32_t FirstBlock(const VectorFootprint& operand) { return operand.base / kBlockBytes; }
// Blocks from the first to the last.
uint32_t HullBlocks(const VectorFootprint& operand) {
    return (Repeats(operand) - 1) * operand.stride.repeat +
           (MostBlocks(operand) - 1) * operand.stride.block + 1;
}

bool Apart(const VectorFootprint& a, const VectorFootprint& b) {
    return FirstBlock(a) + HullBlocks(a) <= FirstBlock(b) ||
           FirstBlock(b) + HullBlocks(b) <= FirstBlock(a);
}

// Every lane of the target is the same lane of the source, and no block belongs to two repeats.
bool InPlace(const VectorFootprint& target, const VectorFootprint& source) {
    const uint32_t blocks = MostBlocks(target);
    return target.base == source.base && target.elementBits == source.elementBits &&
           target.stride.block == source.stride.block &&
           target.stride.repeat == source.stride.repeat &&
           (blocks == 1 || target.stride.block > 0) &&
           (Repeats(target) == 1 ||
            target.stride.repeat > (blocks - 1) * uint32_t{target.stride.block});
}

class ConflictSearch {
 public:
    ConflictSearch(const VectorFootprint& target, const VectorFootprint& source, Sharing sharing)
        : target_(target),
          source_(source),
          sharing_(sharing),
          first_(FirstBlock(target)),
          written_(HullBlocks(target), 0),
          writer_(HullBlocks(target), 0) {}

    VectorConflict Run() {
        if (sharing_ == Sharing::kNothing) {
            ForEachRepeat([this](size_t batch, uint32_t repeat) { Write(batch, repeat); });
            ForEachRepeat([this](size_t batch, uint32_t repeat) { Read(batch, repeat); });
        } else {
            ForEachRepeat([this](size_t batch, uint32_t repeat) {
                Read(batch, repeat);
                Write(batch, repeat);
            });
        }
        return conflict_;
    }

 private:
    template <class Visit>
    void ForEachRepeat(Visit visit) {
        uint32_t repeat = 0;
        for (size_t batch = 0; batch < source_.batchCount; ++batch) {
            for (uint32_t i = 0; i < source_.batches[batch].repeats; ++i) {
                visit(batch, repeat++);
            }
        }
    }

    static uint32_t Block(const VectorFootprint& operand, uint32_t repeat, uint32_t block) {
        return FirstBlock(operand) + repeat * operand.stride.repeat + block * operand.stride.block;
    }

    void Read(size_t batch, uint32_t repeat) {
        const VectorFootprint::Batch& blocks = source_.batches[batch];
        for (uint32_t i = 0; i < blocks.blocks && !conflict_.found; ++i) {
            const uint32_t block = Block(source_, repeat, i);
            if (block < first_ || block - first_ >= written_.size()) {
                continue;
            }
            if (!MayAccumulate() && (written_[block - first_] & blocks.bytes[i]) != 0) {
                conflict_ = {true, repeat, writer_[block - first_], block * kBlockBytes};
            } else if (MeetsOtherLanes(batch, repeat, block, i)) {
                conflict_ = {true, repeat, repeat, block * kBlockBytes};
            }
        }
    }

    bool MayAccumulate() const {
        return sharing_ == Sharing::kAccumulate &&
               (source_.stride.repeat == 0 || target_.stride.repeat == 0);
    }

    // The repeat writes bytes of this source block, and not just the lanes that it reads there.
    bool MeetsOtherLanes(size_t batch, uint32_t repeat, uint32_t block, uint32_t number) const {
        if (sharing_ == Sharing::kNarrowing) {
            return false;
        }
        const VectorFootprint::Batch& blocks = target_.batches[batch];
        for (uint32_t i = 0; i < blocks.blocks; ++i) {
            const bool sameLanes = i == number && target_.elementBits == source_.elementBits;
            if (Block(target_, repeat, i) == block && !sameLanes &&
                (blocks.bytes[i] & source_.batches[batch].bytes[number]) != 0) {
                return true;
            }
        }
        return false;
    }

    void Write(size_t batch, uint32_t repeat) {
        const VectorFootprint::Batch& blocks = target_.batches[batch];
        for (uint32_t i = 0; i < blocks.blocks; ++i) {
            const uint32_t at = Block(target_, repeat, i) - first_;
            written_[at] |= blocks.bytes[i];
            writer_[at] = repeat;
        }
    }

    const VectorFootprint& target_;
    const VectorFootprint& source_;
    Sharing sharing_;
    uint32_t first_;
    std::vector<uint32_t> written_;  // by block of the target's hull, one bit a byte
    std::vector<uint32_t> writer_;   // the last repeat that wrote the block
    VectorConflict conflict_;
};

}  // namespace

VectorConflict FindConflict(const VectorFootprint& target, const VectorFootprint& source,
                            Sharing sharing) {
    if (target.batchCount == 0 || Apart(target, source) ||
        (sharing != Sharing::kNothing && InPlace(target, source))) {
        return {};
    }
    return ConflictSearch(target, source, sharing).Run();
}

}  // namespace npu_model
