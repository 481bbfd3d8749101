// SPDX-License-Identifier: Apache-2.0
// Globals that the real headers declare, and their values for the core that runs.
#include "core_state.h"

#include <array>
#include <cstdlib>
#include <exception>

#include "isa/start_core.h"

int64_t block_idx = 0;
int64_t block_num = 0;
int32_t sub_block_idx = 0;
int32_t g_coreType = AscendC::AIV;
int32_t g_taskRation = 1;
uint64_t g_tilingKey = 0;
uint64_t g_fixpipeNdNzParam = 0;  // as set_nd_para set it, for checks of ranges

namespace AscendC {
extern const int MIX_TYPE = MIX;
extern const int AIC_TYPE = AIC;
extern const int AIV_TYPE = AIV;
bool g_isAtomic = false;  // true would make the headers add in software
AtomicType g_atomicType = SUM;
bool g_isVdeq = false;  // written for the simulator of CANN, read by nobody here
}  // namespace AscendC

uint8_t* GetSysWorkSpacePtr() { return g_sysWorkspaceReserved; }
void SetSysWorkSpacePtr(uint8_t* workspace) { g_sysWorkspaceReserved = workspace; }

namespace npu_cann {

Control control;

namespace {

using AscendC::ConstDefiner;
using AscendC::Hardware;

// The memories of each kind of core, and where the headers keep their base.
struct Base {
    NpuCoreKind core;
    NpuMemory memory;
    Hardware hardware;
    uint8_t* ConstDefiner::* pointer;
};
constexpr std::array<Base, 7> kBases = {{
    {kNpuAiv, kNpuUb, Hardware::UB, &ConstDefiner::cpuUB},
    {kNpuAic, kNpuL1, Hardware::L1, &ConstDefiner::cpuL1},
    {kNpuAic, kNpuL0a, Hardware::L0A, &ConstDefiner::cpuL0A},
    {kNpuAic, kNpuL0b, Hardware::L0B, &ConstDefiner::cpuL0B},
    {kNpuAic, kNpuL0c, Hardware::L0C, &ConstDefiner::cpuL0C},
    {kNpuAic, kNpuBias, Hardware::BIAS, &ConstDefiner::cpuBIAS},
    {kNpuAic, kNpuFixbuf, Hardware::FIXBUF, &ConstDefiner::cpuFIXBUF},
}};

// Of the current core; null where it has no such memory.
std::array<uint8_t*, kNpuMemoryCount> hosts{};

// The headers believe the Fixpipe buffer to be larger than it is, and fill all of that.
// Instructions alone touch what it holds: this gives the addresses.
uint8_t* FixbufAddresses() {
    static uint8_t* const addresses =
        static_cast<uint8_t*>(std::aligned_alloc(kFixbufAlignment, kFixbufAlignment));
    return addresses;
}

uint8_t* HostOf(NpuMemory memory) {
    return memory == kNpuFixbuf ? FixbufAddresses() : NpuLocalHost(memory);
}

void SetBase(const Base& base, uint8_t* host) {
    ConstDefiner& definer = ConstDefiner::Instance();
    definer.*base.pointer = host;
    definer.hardwareCpuBufferMap[base.hardware] = host;
}

// The buffers that the headers allocate themselves. TPipe fills every memory with random numbers
// when it is constructed, also those that its core does not have: these stand in for them, or a
// vector core would wipe out the memories of a cube core. And the headers free what their pointers
// name when the library is unloaded.
class OwnBuffers {
 public:
    OwnBuffers() {
        const auto& sizes = ConstDefiner::Instance().bufferInitLen;
        if (sizes.at(Hardware::FIXBUF) > kFixbufAlignment || FixbufAddresses() == nullptr) {
            std::terminate();
        }
        for (size_t i = 0; i < kBases.size(); ++i) {
            buffers_[i] = ConstDefiner::Instance().*kBases[i].pointer;
        }
    }
    ~OwnBuffers() {
        for (size_t i = 0; i < kBases.size(); ++i) {
            SetBase(kBases[i], buffers_[i]);
        }
    }
    uint8_t* operator[](size_t i) const { return buffers_[i]; }

 private:
    std::array<uint8_t*, kBases.size()> buffers_;
};
const OwnBuffers ownBuffers;

// Checks of the headers look at the TPipe of the core even where there is none: one of zeros.
AscendC::TPipe* NoPipe() {
    alignas(AscendC::TPipe) static std::array<unsigned char, sizeof(AscendC::TPipe)> zeros{};
    return reinterpret_cast<AscendC::TPipe*>(zeros.data());
}

// Everything that follows from which core runs.
void Enter() {
    const NpuCoreKind kind = NpuCurrentCoreKind();
    block_idx = NpuBlockIdx();
    block_num = NpuBlockCount();
    sub_block_idx = static_cast<int32_t>(NpuSubBlockIdx());
    g_coreType = kind == kNpuAiv ? AscendC::AIV : AscendC::AIC;
    g_taskRation = kind == kNpuAiv ? static_cast<int32_t>(NpuSubBlockCount()) : 1;
    g_tilingKey = NpuTilingKey();
    hosts.fill(nullptr);
    for (size_t i = 0; i < kBases.size(); ++i) {
        const Base& base = kBases[i];
        const bool present = base.core == kind;
        hosts[base.memory] = present ? HostOf(base.memory) : nullptr;
        SetBase(base, present ? hosts[base.memory] : ownBuffers[i]);
    }
}

}  // namespace

uint32_t LocalAddress(NpuMemory memory, const void* pointer) {
    constexpr uint32_t kNowhere = 0xFFFF0000;
    const uint64_t offset =
        reinterpret_cast<uint64_t>(pointer) - reinterpret_cast<uint64_t>(hosts[memory]);
    const bool inside = hosts[memory] != nullptr && offset < kNowhere;
    return inside ? static_cast<uint32_t>(offset) : kNowhere;
}

uint64_t FixbufHost() { return reinterpret_cast<uint64_t>(FixbufAddresses()); }

void ErasePipeFill(uint8_t hardware) {
    for (const Base& base : kBases) {
        if (base.hardware == static_cast<Hardware>(hardware) && hosts[base.memory] != nullptr) {
            NpuEraseUndefined(base.memory);
        }
    }
}

void MoveFlags(bool begin) {
    control.movesFlags = begin;
    control.hasPolled = false;
}

KeepCore::KeepCore()
    : pipe_(g_tPipePtr),
      kfcClient_(AscendC::g_kfcClient),
      workspace_(g_sysWorkspaceReserved),
      deqValue_(g_deqValue),
      ndPara_(g_fixpipeNdNzParam),
      control_(control) {}

KeepCore::~KeepCore() {
    g_tPipePtr = pipe_;
    AscendC::g_kfcClient = kfcClient_;
    g_sysWorkspaceReserved = workspace_;
    g_deqValue = deqValue_;
    g_fixpipeNdNzParam = ndPara_;
    control = control_;
    Enter();
}

}  // namespace npu_cann

// Which headers these are, as keys of the API list name them.
extern "C" __attribute__((visibility("default"))) const char* NpuHeaderGeneration() {
#ifdef __NPU_ARCH__
    return "newest";
#else
    return "8_1";
#endif
}

extern "C" __attribute__((visibility("default"))) void NpuStartCore() {
    g_tPipePtr = npu_cann::NoPipe();
    AscendC::g_kfcClient = nullptr;
    g_sysWorkspaceReserved = nullptr;
    g_deqValue = half();
    g_fixpipeNdNzParam = 0;
    npu_cann::control = {};
    NpuUseLibraryScratch(true);  // which function uses it cannot be seen here
    npu_cann::Enter();
    if (NpuCurrentCoreKind() == kNpuAiv) {
        NpuDefineLocal(kNpuUb);  // SetValue of the headers is a plain store
    }
}
