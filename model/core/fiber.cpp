// SPDX-License-Identifier: Apache-2.0
// Fibers on ucontext. Below each stack lies spare memory without access, and below that a guard
// page; switches are announced to ASan.
#include "core/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>
#include <vector>

#include "core/stack_fault.h"

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
constexpr size_t kSpareBytes = size_t{4} << 20;

size_t PageBytes() {
    static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return bytes;
}

// Stacks are kept for the next launch on this thread: mapping them costs more than a short kernel.
class StackPool {
 public:
    StackPool() { WatchStacks(); }
    ~StackPool() {
        for (char* stack : free_) {
            munmap(Lowest(stack), Below() + kStackBytes);
        }
    }

    char* Take() {
        if (!free_.empty()) {
            char* stack = free_.back();
            free_.pop_back();
            return stack;
        }
        void* memory = mmap(nullptr, Below() + kStackBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED || mprotect(memory, Below(), PROT_NONE) != 0) {
            throw std::bad_alloc();
        }
        return static_cast<char*>(memory) + Below();
    }

    // With `spareUsed` the spare memory is closed again.
    void Give(char* stack, bool spareUsed) {
        if (spareUsed) {
            mprotect(Lowest(stack), Below(), PROT_NONE);
        }
        free_.push_back(stack);
    }

 private:
    static size_t Below() { return PageBytes() + kSpareBytes; }
    static char* Lowest(char* stack) { return stack - Below(); }

    std::vector<char*> free_;
};

thread_local StackPool stackPool;

}  // namespace

Fiber::Fiber(std::string name, std::function<void()> body)
    : name_(std::move(name)), body_(std::move(body)), stack_(stackPool.Take()) {
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
    __asan_unpoison_memory_region(StackBegin(), static_cast<size_t>(StackEnd() - StackBegin()));
#endif
    stackPool.Give(stack_, Overflowed());
}

size_t Fiber::StackBytes() { return kStackBytes; }
const char* Fiber::StackBegin() const { return stack_ - (Overflowed() ? kSpareBytes : 0); }
const char* Fiber::StackEnd() const { return stack_ + kStackBytes; }

bool Fiber::Grow(const void* address) {
    const char* at = static_cast<const char*>(address);
    const char* spare = stack_ - kSpareBytes;
    if (at >= stack_ || at < spare - PageBytes()) {
        return false;
    }
    if (at >= spare && mprotect(stack_ - kSpareBytes, kSpareBytes, PROT_READ | PROT_WRITE) == 0) {
        overflowed_ = 1;
        return true;
    }
    constexpr char kText[] = ": the kernel runs off the end of its stack\n";
    const bool written = write(STDERR_FILENO, name_.data(), name_.size()) >= 0 &&
                         write(STDERR_FILENO, kText, sizeof(kText) - 1) >= 0;
    static_cast<void>(written);
    return false;
}

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
    SetRunningFiber(this);
    swapcontext(&scheduler_, &context_);
    SetRunningFiber(nullptr);
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
