// SPDX-License-Identifier: Apache-2.0
// What the real headers call besides instructions: reports of queues and buffers, locks between
// processes, and the C library when a check of theirs fails.
//
// The instruction set checks what kernels do, so reports are not needed. Calls of printf, raise and
// abort are bound to the functions here by the linker (--wrap): a failed check ends the kernel
// with a fault instead of the process, and output goes where that of kernels goes.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "core_state.h"

void AscendCQueCreate(uint8_t, uint8_t, uint8_t) {}
void AscendCBufInit(uint8_t, uint8_t, uint8_t, uint64_t, uint64_t) {}
void AscendCBufAlloc(uint8_t, uint8_t, uint64_t, uint64_t) {}
void AscendCBufFree(uint8_t, uint8_t, uint64_t, uint64_t) {}
void AscendCBufEnque(uint8_t, uint8_t, uint8_t, uint64_t) {}
void AscendCBufDeque(uint8_t, uint8_t, uint8_t, uint64_t) {}
void AscendCBufAbsAddr(uint8_t, uint64_t, uint64_t) {}
void AscendCBufGet(uint8_t, uint8_t, uint64_t, uint64_t) {}
void AscendCTBufPoolInit(uint8_t, uint64_t, uint64_t, uint64_t) {}
void AscendCUpdateTbufPoolStatus(uint64_t, bool) {}
void AscendCRecordPoolHierarchy(uint64_t, uint64_t) {}
void AscendCTBufPoolResetCheck(uint8_t, uint64_t, uint64_t, uint64_t) {}

namespace AscendC {

// Cores run one at a time in one process: there is nothing to lock.
ProcessLock* ProcessLock::processLock = nullptr;
ProcessLock::ProcessLock() = default;
ProcessLock::~ProcessLock() = default;
ProcessLock* ProcessLock::CreateLock() {
    static ProcessLock lock;
    return &lock;
}
int ProcessLock::Read() { return 0; }
int ProcessLock::Write() { return 0; }
int ProcessLock::Unlock() { return 0; }

}  // namespace AscendC

namespace {

constexpr const char kErrorMark[] = "[ERROR]";

// The headers print why a check failed and then raise SIGABRT.
std::string lastError;

// "[ERROR][where] ... [process] message\n": only the message.
std::string MessageOf(const std::string& text) {
    const size_t begin = text.find("] ");
    const std::string message = begin == std::string::npos ? text : text.substr(begin + 2);
    return message.substr(0, message.find_last_not_of('\n') + 1);
}

}  // namespace

extern "C" {

int __wrap_printf(const char* format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    const int length = std::vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (std::strncmp(text, kErrorMark, sizeof(kErrorMark) - 1) == 0) {
        lastError = MessageOf(text);
    } else {
        NpuPrint(text);
    }
    return length;
}

int __wrap_raise(int) {
    // Outlives this call, which does not return.
    static std::string reason;
    reason = lastError.empty() ? "a check failed without a message" : lastError;
    lastError.clear();
    NpuFrontEndFault(kNpuRuleArgument, "CANN headers", reason.c_str());
}

void __wrap_abort() {
    NpuFrontEndFault(kNpuRuleAssert, "assert", "an assertion of the kernel failed");
}

void __wrap___assert_fail(const char* condition, const char*, unsigned, const char*) {
    NpuFrontEndFault(kNpuRuleAssert, "assert", condition);
}

}  // extern "C"
