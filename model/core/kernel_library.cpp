// SPDX-License-Identifier: Apache-2.0
// dlopen of kernel libraries, and the kernel type rows that the front end leaves in them.
#include "core/kernel_library.h"

#include <dlfcn.h>
#include <link.h>

#include "isa/kernel_types.h"
#include "isa/start_core.h"

namespace npu_model {

CodePlace Locate(uint64_t address) {
    Dl_info info{};
    if (dladdr(reinterpret_cast<void*>(address), &info) == 0) {
        return {"", address};
    }
    return {info.dli_fname, address - reinterpret_cast<uint64_t>(info.dli_fbase)};
}

KernelLibrary::KernelLibrary(void* handle) : handle_(handle) { ReadTypeRows(); }

KernelLibrary::~KernelLibrary() { dlclose(handle_); }

std::unique_ptr<KernelLibrary> KernelLibrary::Open(const std::string& path, std::string* error) {
    // Local: every library has its own AscendC:: and its own list of kernel types.
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        *error = dlerror();
        return nullptr;
    }
    return std::unique_ptr<KernelLibrary>(new KernelLibrary(handle));
}

KernelLibrary::Entry KernelLibrary::Find(const std::string& kernel) const {
    // dlsym also searches what the library depends on; only its own functions are kernels.
    void* symbol = dlsym(handle_, kernel.c_str());
    link_map* self = nullptr;
    Dl_info owner{};
    if (symbol == nullptr || dlinfo(handle_, RTLD_DI_LINKMAP, &self) != 0 ||
        dladdr(symbol, &owner) == 0 ||
        reinterpret_cast<ElfW(Addr)>(owner.dli_fbase) != self->l_addr) {
        return nullptr;
    }
    return reinterpret_cast<Entry>(symbol);
}

KernelLibrary::Entry KernelLibrary::StartCore() const { return Find(kNpuStartCoreName); }

void KernelLibrary::ReadTypeRows() {
    const auto read = reinterpret_cast<NpuKernelTypesFunction>(Find(kNpuKernelTypesName));
    if (read == nullptr) {
        return;
    }
    const NpuKernelTypeRow* begin = nullptr;
    const NpuKernelTypeRow* end = nullptr;
    read(&begin, &end);
    for (const NpuKernelTypeRow* row = begin; row != end; ++row) {
        rows_.push_back({row->kernel, row->key, static_cast<KernelType>(row->type)});
    }
}

std::optional<KernelType> KernelLibrary::Type(const std::string& kernel, uint64_t tilingKey) const {
    std::optional<KernelType> found;
    for (const TypeRow& row : rows_) {
        if (row.kernel != kernel) {
            continue;
        }
        if (row.key == static_cast<int64_t>(tilingKey)) {
            return row.type;
        }
        if (row.key == kEveryKey) {
            found = row.type;
        }
    }
    return found;
}

}  // namespace npu_model
