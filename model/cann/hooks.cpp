// SPDX-License-Identifier: Apache-2.0
// What the real headers call besides instructions: reports of queues and buffers, locks between
// processes, and the C library when a check of theirs fails.
//
// The instruction set checks what kernels do, so reports are not needed. Calls of printf, fprintf,
// raise and abort are bound to the functions here by the linker (--wrap): a failed check ends the
// kernel with a fault instead of the process, and output goes where that of kernels goes.
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
void AscendCBufAbsAddr(uint8_t hardware, uint64_t, uint64_t) { npu_cann::ErasePipeFill(hardware); }
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

// Why a check failed. The headers print it before they raise SIGABRT or abort.
std::string lastError;

// "[ERROR][where] ... [process] message\n": only the message. "[ASSERT] file:line: ...\n": all.
std::string MessageOf(const std::string& text) {
    const size_t mark = text.find("] ");
    const size_t begin = mark == std::string::npos ? 0 : mark + 2;
    return text.substr(begin, text.find_last_not_of('\n') + 1 - begin);
}

int Print(const char* format, va_list arguments) {
    char text[1024];
    const int length = std::vsnprintf(text, sizeof(text), format, arguments);
    const bool error = std::strncmp(text, "[ERROR]", 7) == 0;
    if (error || std::strncmp(text, "[ASSERT]", 8) == 0) {
        lastError = MessageOf(text);
    } else if (std::strncmp(text, "[WARN][", 7) != 0) {  // advice of newer headers
        NpuPrint(text);
    }
    return length;
}

[[noreturn]] void Fail(NpuFrontEndRule rule, const char* function) {
    static std::string reason;  // outlives this call, which does not return
    reason = lastError.empty() ? "a check failed without a message" : lastError;
    lastError.clear();
    NpuFrontEndFault(rule, function, reason.c_str());
}

}  // namespace

extern "C" {

int __wrap_printf(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = Print(format, arguments);
    va_end(arguments);
    return length;
}

int __wrap_fprintf(FILE*, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = Print(format, arguments);
    va_end(arguments);
    return length;
}

int __wrap_raise(int) { Fail(kNpuRuleArgument, "CANN headers"); }

void __wrap_abort() { Fail(kNpuRuleAssert, "ASSERT"); }

void __wrap___assert_fail(const char* condition, const char*, unsigned, const char*) {
    lastError = condition;
    Fail(kNpuRuleAssert, "assert");
}

}  // extern "C"
