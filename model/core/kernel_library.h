// SPDX-License-Identifier: Apache-2.0
// A shared library of kernels: its entry functions by name, and the kernel types it declares.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/export.h"
#include "core/launch.h"

namespace npu_model {

// Where an address of code lies, in terms that outlive the loaded library.
struct CodePlace {
    std::string library;  // file; empty when no library holds the address
    uint64_t offset;      // in the library
};
NPU_EXPORT CodePlace Locate(uint64_t address);

class NPU_EXPORT KernelLibrary {
 public:
    using Entry = void (*)();

    // One KERNEL_TASK_TYPE of a kernel.
    struct TypeRow {
        std::string kernel;
        int64_t key;  // kEveryKey: the type of all keys without a row of their own
        KernelType type;
    };
    static constexpr int64_t kEveryKey = -1;

    // Null, with a sentence in `error`, when the library cannot be loaded.
    static std::unique_ptr<KernelLibrary> Open(const std::string& path, std::string* error);
    // The entries and all addresses in reports are void from here on.
    ~KernelLibrary();
    KernelLibrary(const KernelLibrary&) = delete;
    KernelLibrary& operator=(const KernelLibrary&) = delete;

    // The exported function of this name, or null. Does not look into other libraries.
    Entry Find(const std::string& kernel) const;
    // What a core of a launch runs before any kernel of this library (LaunchRequest::startCore);
    // null for libraries without such a need.
    Entry StartCore() const;
    // What the library declares for the kernel and key. Nothing when it has no such row: kernels
    // compiled through other headers carry no rows, so their type is the caller's to know.
    std::optional<KernelType> Type(const std::string& kernel, uint64_t tilingKey) const;
    const std::vector<TypeRow>& TypeRows() const { return rows_; }

 private:
    explicit KernelLibrary(void* handle);
    void ReadTypeRows();

    void* handle_;
    std::vector<TypeRow> rows_;
};

}  // namespace npu_model
