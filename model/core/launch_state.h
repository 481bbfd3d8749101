// SPDX-License-Identifier: Apache-2.0
// One launch while it runs: its cores, global memory, scheduler of flags, sites and fault.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/cross_core.h"
#include "core/gm_flags.h"
#include "core/launch.h"

namespace npu_model {

class LaunchState {
 public:
    explicit LaunchState(const LaunchRequest& request);

    const LaunchRequest& Request() const { return request_; }
    GlobalMemory& Gm() { return gm_; }
    CrossCoreScheduler& CrossCore() { return crossCore_; }
    GmFlags& FlagsInGm() { return gmFlags_; }
    // Null unless the launch collects its stream.
    StreamRecorder* Stream() { return request_.collectStream ? &stream_ : nullptr; }
    const std::vector<std::unique_ptr<Core>>& Cores() const { return cores_; }
    std::vector<Core*> CoresOfKind(NpuCoreKind kind) const;
    std::vector<Core*> CoresOfBlock(int64_t block, NpuCoreKind kind) const;
    bool HasSubBlocks() const { return request_.type == KernelType::kMixAic12; }
    // Blocks of an AIC with its AIV.
    bool HasBothKinds() const { return HasSubBlocks() || request_.type == KernelType::kMixAic11; }
    bool HasCrossCore() const {
        return request_.type != KernelType::kAivOnly && request_.type != KernelType::kAicOnly;
    }

    void SetFault(Fault fault) {
        if (!fault_) {
            fault_ = std::move(fault);
        }
    }
    bool Faulted() const { return fault_.has_value(); }
    void Print(const char* text);

    // Notes an ordering instruction; true when its edge is to be taken away.
    bool VisitSite(const char* kind, const std::string& detail, const void* frame);

    LaunchReport Run();

 private:
    void MakeCores();
    // What happened when every core that could run had its turn.
    enum class Round : uint8_t { kNothingRan, kPolled, kProgress };

    void StartCores();
    void Schedule();
    Round RunOnce(const std::vector<Core*>& cores);
    void RunCore(Core& core);
    void RunKernel(Core& core);
    void ReportDeadlock();
    void CheckLeftovers();
    bool CheckRequest();
    LaunchReport Report();

    const LaunchRequest& request_;
    GlobalMemory gm_;
    std::vector<std::unique_ptr<Core>> cores_;
    CrossCoreScheduler crossCore_;
    GmFlags gmFlags_;
    StreamRecorder stream_;
    std::optional<Fault> fault_;
    std::string printed_;
    std::map<CallChain, Site> sites_;
    std::set<CallChain> mutated_;
};

}  // namespace npu_model
