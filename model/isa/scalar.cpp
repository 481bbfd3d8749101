// SPDX-License-Identifier: Apache-2.0
// Scalar loads and stores, the data cache, and dcci.
#include "isa/scalar.h"

#include <algorithm>
#include <cstring>

#include "core/issue.h"
#include "core/launch_state.h"

namespace npu_model {
namespace {

constexpr const char* kCacheSource = "Ascend C API, DataCacheCleanAndInvalid";

uint64_t LoadBytes(const uint8_t* from, uint32_t bytes) {
    uint64_t value = 0;
    std::memcpy(&value, from, bytes);
    return value;
}

bool Holds(const DataCache::Line& line, uint64_t address, uint32_t bytes) {
    const uint64_t start = address / DataCache::kLineBytes * DataCache::kLineBytes;
    const uint64_t offset = address - start;
    return line.address == start && offset >= line.first &&
           offset + bytes <= line.first + line.valid;
}

// Writes a dirty line back as an instruction of its own: other cores may have touched its bytes.
void WriteBack(DataCache::Line& line) {
    if (line.dirty != 0) {
        Issue issue("data_cache_write_back", kNpuPipeS);
        issue.Write(Contiguous(kNpuGm, line.address + line.first, line.valid, "cache line"));
        issue.Commit();
        if (issue.checked && line.Stale()) {
            issue.Fail(FaultKind::kDataCache, "cache line",
                       "must not be shared: another core or the DMA changed it meanwhile",
                       kCacheSource);
        }
        line.WriteBack();
    }
    line.Drop();
}

// The line that holds the bytes, filled from global memory where it was not there.
DataCache::Line& Fetch(Issue& issue, uint64_t address, uint32_t bytes) {
    DataCache::Line& line = issue.core.cache.Slot(address);
    if (Holds(line, address, bytes)) {
        issue.Commit();
        if (issue.checked && line.Stale()) {
            issue.Fail(FaultKind::kDataCache, "cache line",
                       "must be dropped with DataCacheCleanAndInvalid: global memory has changed",
                       kCacheSource);
        }
        return line;
    }
    if (!line.Empty()) {
        WriteBack(line);
    }
    const int read = issue.Read(Contiguous(kNpuGm, address, bytes, "source"));
    issue.Commit();
    const Region& region = *issue.core.Launch().Gm().Find(address, bytes);
    const uint64_t start = address / DataCache::kLineBytes * DataCache::kLineBytes;
    const uint64_t begin = std::max(start, region.address);
    const uint64_t end = std::min(start + DataCache::kLineBytes, region.address + region.bytes);
    line.address = start;
    line.first = static_cast<uint32_t>(begin - start);
    line.valid = static_cast<uint32_t>(end - begin);
    line.host = issue.Host(read) - (address - begin);
    line.dirty = 0;
    std::memcpy(line.bytes.data() + line.first, line.host, line.valid);
    return line;
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
    const DataCache::Line& line = Fetch(issue, address, bytes);
    return LoadBytes(line.bytes.data() + address % DataCache::kLineBytes, bytes);
}

void NpuScalarStoreGm(uint64_t address, uint64_t value, uint32_t bytes) {
    Issue issue("scalar_store_gm", kNpuPipeS);
    issue.RequireAligned("target", kNpuGm, address, bytes, "scalar access");
    DataCache::Line& line = Fetch(issue, address, bytes);
    const uint64_t offset = address % DataCache::kLineBytes;
    std::memcpy(line.bytes.data() + offset, &value, bytes);
    line.dirty |= ((uint64_t{1} << bytes) - 1) << offset;
}

void NpuDataCacheCleanInvalid(uint64_t address, bool entireCache) {
    Issue issue("dcci", kNpuPipeS);
    issue.Commit();
    if (entireCache) {
        issue.core.cache.ForEachLine([](DataCache::Line& line) { WriteBack(line); });
        return;
    }
    DataCache::Line& line = issue.core.cache.Slot(address);
    if (line.address == address / DataCache::kLineBytes * DataCache::kLineBytes) {
        WriteBack(line);
    }
}
