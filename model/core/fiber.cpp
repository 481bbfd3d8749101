// SPDX-License-Identifier: Apache-2.0
// Fibers on ucontext, with a guard page below each stack; switches are announced to ASan.
#include "core/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define NPU_ASAN 1
#else
#define NPU_ASAN 0
#endif

namespace npu_model {
namespace {

constexpr size_t kStackBytes = NPU_ASAN ? size_t{4} << 20 : size_t{512} << 10;

size_t PageBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

// Stacks are kept for the next launch on this thread: mapping them costs more than a short kernel.
class StackPool {
 public:
    ~StackPool() {
        for (char* stack : free_) {
            munmap(stack - PageBytes(), kStackBytes + PageBytes());
        }
    }

    char* Take() {
        if (!free_.empty()) {
            char* stack = free_.back();
            free_.pop_back();
            return stack;
        }
        void* memory = mmap(nullptr, kStackBytes + PageBytes(), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED || mprotect(memory, PageBytes(), PROT_NONE) != 0) {
            throw std::bad_alloc();
        }
        return static_cast<char*>(memory) + PageBytes();
    }

    void Give(char* stack) { free_.push_back(stack); }

 private:
    std::vector<char*> free_;
};

thread_local StackPool stackPool;

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)), stack_(stackPool.Take()) {
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack_;
    context_.uc_stack.ss_size = kStackBytes;
    context_.uc_link = nullptr;
    const auto self = reinterpret_cast<uintptr_t>(this);
    makecontext(&context_, reinterpret_cast<void (*)()>(&Fiber::Start), 2,
                static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
}

Fiber::~Fiber() {
#if NPU_ASAN
    __asan_unpoison_memory_region(stack_, kStackBytes);
#endif
    stackPool.Give(stack_);
}

const char* Fiber::StackEnd() const { return stack_ + kStackBytes; }

void Fiber::Start(unsigned high, unsigned low) {
    auto* self = reinterpret_cast<Fiber*>((static_cast<uintptr_t>(high) << 32) | low);
#if NPU_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self->schedulerStack_, &self->schedulerStackBytes_);
#endif
    self->body_();
    self->Leave();
}

void Fiber::Resume() {
#if NPU_ASAN
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack_, kStackBytes);
#endif
    swapcontext(&scheduler_, &context_);
#if NPU_ASAN
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void Fiber::SwitchOut([[maybe_unused]] bool forGood) {
#if NPU_ASAN
    __sanitizer_start_switch_fiber(forGood ? nullptr : &fakeStack_, schedulerStack_,
                                   schedulerStackBytes_);
#endif
    swapcontext(&context_, &scheduler_);
#if NPU_ASAN
    __sanitizer_finish_switch_fiber(fakeStack_, &schedulerStack_, &schedulerStackBytes_);
#endif
}

void Fiber::Yield() { SwitchOut(false); }

void Fiber::Leave() {
    finished_ = true;
    SwitchOut(true);
    __builtin_unreachable();
}

}  // namespace npu_model
