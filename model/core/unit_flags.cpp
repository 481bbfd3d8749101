// SPDX-License-Identifier: Apache-2.0
// The protocol of the unit flags, in checked mode.
//
// An operand relies on one clock for all its blocks. Raising it to the newest instruction that
// turned one of the flags is exact: after its flag was turned, no other instruction of that side
// can have touched a block unseen (with flags it would have waited, without it sets ordersNothing).
#include "core/unit_flags.h"

#include <algorithm>
#include <string>

#include "core/issue.h"
#include "core/launch_state.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, UnitFlag";

}  // namespace

void UnitFlags::Reset() {
    for (Flag& flag : flags_) {
        flag.ordersNothing = flag.ordersNothing || flag.up;
        flag.product = flag.up ? kLaterProduct : flag.product;
        flag.up = false;
    }
}

UnitFlagUse::UnitFlagUse(const Issue& issue, Side side, uint32_t unitFlag)
    : issue_(issue),
      side_(side),
      unitFlag_(unitFlag),
      ordered_(unitFlag != 0),
      productsOrdered_(unitFlag != 0 && side == Side::kMmad) {
    if (unitFlag != 0 && unitFlag != 2 && unitFlag != 3) {
        issue.Fail(FaultKind::kParameter, "unitFlag",
                   "(" + std::to_string(unitFlag) + ") must be 0, 2 or 3", kSource);
    }
}

void UnitFlagUse::Require(uint32_t block, bool up) const {
    if (issue_.core.unitFlags.At(block).up == up) {
        return;
    }
    const std::string where = "L0C bytes [" + std::to_string(block * UnitFlags::kBlock) + ", " +
                              std::to_string((block + 1) * UnitFlags::kBlock) + ") ";
    const char* rule = nullptr;
    if (unitFlag_ == 0) {
        rule = "have their unit flag up: Mmad and Fixpipe must both use unitFlag, or neither";
    } else if (up) {
        rule = "must have been written by a Mmad with unitFlag 3, or the Fixpipe waits for ever";
    } else {
        rule = "must have been taken away by a Fixpipe with unitFlag 3, or the Mmad waits for ever";
    }
    issue_.Fail(FaultKind::kEvent, "unitFlag (" + std::to_string(unitFlag_) + ")", where + rule,
                kSource);
}

void UnitFlagUse::Touch(const Access& access) {
    if (!issue_.checked || access.Empty() ||
        access.End() > UnitFlags::kBlocks * UnitFlags::kBlock) {
        return;  // Commit refuses what lies beyond L0C
    }
    const bool needsUp = unitFlag_ != 0 && side_ == Side::kFixpipe;
    UnitFlags::ForEachBlock(access, [&](uint32_t block) {
        Require(block, needsUp);
        touched_.set(block);
        const UnitFlags::Flag& flag = issue_.core.unitFlags.At(block);
        ordered_ = ordered_ && !flag.ordersNothing;
        if (flag.number > number_) {
            number_ = flag.number;
            start_ = flag.start;
        }
        productsOrdered_ = productsOrdered_ && flag.product != UnitFlags::kLaterProduct;
        product_ = std::max(product_, flag.product);
    });
}

void UnitFlagUse::Rely(NpuPipe pipe, uint32_t number) {
    relies_[pipe] = std::max(relies_[pipe], number);
}

const LocalClock* UnitFlagUse::Relies() {
    const bool mmad = side_ == Side::kMmad;
    const NpuPipe pipe = mmad ? kNpuPipeM : kNpuPipeFix;
    if (ordered_) {
        Rely(mmad ? kNpuPipeFix : kNpuPipeM, number_);
    }
    if (ordered_ && start_ != nullptr) {
        issue_.core.JoinClock(pipe, *start_);
    }
    if (ordered_ && productsOrdered_) {
        Rely(kNpuPipeM, product_);
    }
    const LocalClock& start = issue_.core.StartClock(pipe).local;
    for (int known = 0; known < kNpuPipeCount; ++known) {
        Rely(static_cast<NpuPipe>(known), start[static_cast<size_t>(known)]);
    }
    return &relies_;
}

void UnitFlagUse::Finish(const void* frame) {
    if (!issue_.checked || touched_.none()) {
        return;
    }
    const bool mmad = side_ == Side::kMmad;
    const bool mutated =
        unitFlag_ == 3 && issue_.core.Launch().VisitSite("unit_flag", mmad ? "M" : "FIX", frame);
    const auto start =
        std::make_shared<const Clock>(issue_.core.StartClock(mmad ? kNpuPipeM : kNpuPipeFix));
    for (uint32_t block = 0; block < UnitFlags::kBlocks; ++block) {
        if (!touched_[block]) {
            continue;
        }
        UnitFlags::Flag& flag = issue_.core.unitFlags.At(block);
        if (unitFlag_ == 3) {
            flag = {mmad, mutated, issue_.Number(), mmad ? UnitFlags::kLaterProduct : flag.number,
                    start};
        } else if (mmad) {
            flag.product = UnitFlags::kLaterProduct;
        } else if (unitFlag_ == 0) {
            flag.ordersNothing = true;
        }
    }
}

}  // namespace npu_model
