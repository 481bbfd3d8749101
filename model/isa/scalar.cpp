// SPDX-License-Identifier: Apache-2.0
// Scalar loads and stores, the data cache, and dcci.
#include "isa/scalar.h"

#include <algorithm>
#include <cstring>

#include "core/issue.h"
#include "core/launch_state.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kCacheSource = "Ascend C API, DataCacheCleanAndInvalid";

uint64_t LoadBytes(const uint8_t* from, uint32_t bytes) {
    uint64_t value = 0;
    std::memcpy(&value, from, bytes);
    return value;
}

// Writes a dirty line back as an instruction of its own, at `caller`: the whole line goes to global
// memory, so bytes that others changed meanwhile would be lost.
void WriteBack(DataCache& cache, DataCache::Line& line, uint64_t caller) {
    if (line.dirty != 0) {
        Issue issue("data_cache_write_back", kNpuPipeS, caller);
        Access whole = Contiguous(kNpuGm, line.address + line.first, line.valid, "cache line");
        whole.undefines = true;  // the stores have defined what they wrote
        issue.Write(whole);
        issue.Commit();
        if (issue.checked && line.Stale()) {
            issue.Fail(FaultKind::kDataCache, "cache line",
                       "must not be shared: another core or the DMA changed it meanwhile",
                       kCacheSource);
        }
        cache.WriteBack(line);
    }
    line = {};
}

// The line that holds the bytes of the region, filled from global memory where it was not there.
DataCache::Line& Fetch(Core& core, const Region& region, uint64_t address, uint32_t bytes,
                       uint64_t caller) {
    DataCache::Line& line = core.cache.Slot(address, region.address);
    if (line.Holds(address, bytes)) {
        return line;
    }
    const uint64_t start = address / DataCache::kLineBytes * DataCache::kLineBytes;
    if (!line.Empty() && (line.address != start || line.region != region.address)) {
        WriteBack(core.cache, line, caller);
    }
    const uint64_t begin = std::max(start, region.address);
    const uint64_t end = std::min(start + DataCache::kLineBytes, region.address + region.bytes);
    line.address = start;
    line.region = region.address;
    line.first = static_cast<uint32_t>(begin - start);
    line.host = region.host + (begin - region.address);
    // A line whose end was dropped keeps its beginning.
    const uint32_t held = line.valid;
    line.valid = static_cast<uint32_t>(end - begin);
    std::memcpy(line.bytes.data() + line.first + held, line.host + held, line.valid - held);
    return line;
}

const Region& RegionOf(const Core& core, uint64_t address, uint32_t bytes) {
    return *core.Launch().Gm().Find(address, bytes);
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

uint64_t NpuScalarLoadLocal(NpuMemory memory, uint32_t address, uint32_t bytes) {
    Issue issue("scalar_load", kNpuPipeS);
    issue.RequireAligned("source", memory, address, bytes, "scalar access");
    const int read = issue.Read(Contiguous(memory, address, bytes, "source"));
    issue.Commit();
    return LoadBytes(issue.Host(read), bytes);
}

void NpuScalarStoreLocal(NpuMemory memory, uint32_t address, uint64_t value, uint32_t bytes) {
    Issue issue("scalar_store", kNpuPipeS);
    issue.RequireAligned("target", memory, address, bytes, "scalar access");
    const int write = issue.Write(Contiguous(memory, address, bytes, "target"));
    issue.Commit();
    std::memcpy(issue.Host(write), &value, bytes);
}

uint64_t NpuScalarLoadGm(uint64_t address, uint32_t bytes) {
    Issue issue("scalar_load_gm", kNpuPipeS);
    issue.RequireAligned("source", kNpuGm, address, bytes, "scalar access");
    issue.core.Look(address);
    issue.Read(Contiguous(kNpuGm, address, bytes, "source"));
    issue.Commit();
    const DataCache::Line& line =
        Fetch(issue.core, RegionOf(issue.core, address, bytes), address, bytes, issue.Caller());
    const uint64_t offset = address % DataCache::kLineBytes;
    if (issue.checked && line.Stale(offset, offset + bytes)) {
        issue.Fail(FaultKind::kDataCache, "source",
                   "must be dropped from the cache with DataCacheCleanAndInvalid: global memory "
                   "has changed since it was read",
                   kCacheSource);
    }
    return LoadBytes(line.bytes.data() + offset, bytes);
}

void NpuScalarStoreGm(uint64_t address, uint64_t value, uint32_t bytes) {
    Issue issue("scalar_store_gm", kNpuPipeS);
    issue.RequireAligned("target", kNpuGm, address, bytes, "scalar access");
    issue.Write(Contiguous(kNpuGm, address, bytes, "target"));
    issue.Commit();
    DataCache::Line& line =
        Fetch(issue.core, RegionOf(issue.core, address, bytes), address, bytes, issue.Caller());
    const uint64_t offset = address % DataCache::kLineBytes;
    issue.core.cache.Store(line, offset, value, bytes, issue.Number());
}

void NpuDataCacheCleanInvalid(uint64_t address, bool entireCache) {
    Issue issue("dcci", kNpuPipeS);
    issue.core.Look(address, true);
    issue.Commit();
    DataCache& cache = issue.core.cache;
    const auto clean = [&](DataCache::Line& line) { WriteBack(cache, line, issue.Caller()); };
    if (entireCache) {
        cache.ForEachLine(clean);
        return;
    }
    const Region* region = issue.core.Launch().Gm().Find(address, 1);
    if (region == nullptr) {
        return;
    }
    DataCache::Line& line = cache.Slot(address, region->address);
    const uint64_t offset = address % DataCache::kLineBytes;
    if (line.address != address - offset || line.region != region->address ||
        offset >= line.first + line.valid) {
        return;
    }
    if (offset <= line.first) {
        clean(line);
        return;
    }
    // From the address to the end of the line.
    DataCache::Line rest = cache.Split(line, offset);
    clean(rest);
}

void NpuDataCacheCleanInvalidUb(uint32_t address, bool entireCache) {
    Issue issue("dcci", kNpuPipeS);
    issue.Commit();
    if (!entireCache) {
        issue.RequireRange("address", address, 0, NpuLocalBytes(kNpuUb) - 1, kCacheSource);
    }
}

void NpuDataCachePreload(uint64_t address) {
    Issue issue("dc_preload", kNpuPipeS);
    issue.Commit();
    const Region* region = issue.core.Launch().Gm().Find(address, 1);
    if (region == nullptr) {
        issue.Fail(FaultKind::kAddress, "source", "must lie within one argument of the kernel",
                   "Ascend C API, DataCachePreload");
    }
    Fetch(issue.core, *region, address, 1, issue.Caller());
}

uint32_t NpuScalarConvert(NpuType target, NpuRounding rounding, float value) {
    constexpr leaf::Rounding kRoundings[] = {leaf::kRoundRint, leaf::kRoundRint, leaf::kRoundFloor,
                                             leaf::kRoundCeil, leaf::kRoundAway, leaf::kRoundTrunc,
                                             leaf::kRoundOdd};
    Issue issue(target == kNpuF16 ? "conv_f322f16" : "conv_f322s32", kNpuPipeS);
    issue.Commit();
    // One lane of the vector conversion, so that both round alike.
    alignas(32) uint8_t from[32] = {};
    alignas(32) uint8_t to[32] = {};
    std::memcpy(from, &value, sizeof(value));
    leaf::Active().convert[kNpuF32][target][kRoundings[rounding]]({to, 0, 0}, {from, 0, 0}, 1,
                                                                  {1, 0});
    return static_cast<uint32_t>(LoadBytes(to, target == kNpuF16 ? 2 : 4));
}
