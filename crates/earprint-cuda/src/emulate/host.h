// Host emulation of one CUDA grid: put before the kernel's text, compiled by g++.
//
// The invocations of a workgroup are fibers of one OS thread: each runs until the next barrier, then the next one runs. Workgroups are
// spread over OS threads. Entering a fiber the first time takes makecontext; every later switch is _setjmp/_longjmp,
// which, unlike swapcontext, makes no system call. Kernels without barriers run as plain calls.
//
// Reported, not survived: an index outside its array, and a barrier that not all invocations of a workgroup reach.

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <atomic>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

struct ep_dim3 { unsigned x, y, z; };

enum ep_state { EP_RUNNING, EP_WAITING, EP_DONE };

struct ep_fiber {
  ep_dim3 thread;
  jmp_buf here;
  ucontext_t first;
  bool started;
  ep_state state;
  int line;  // of the barrier it waits at
};

// One per OS thread.
struct ep_worker {
  ep_dim3 group;
  ep_fiber* current;
  jmp_buf scheduler;
  bool failed;
  unsigned char* shared;
};

static thread_local ep_worker ep_me;
static ep_dim3 ep_grid, ep_block;
static unsigned ep_shared_bytes;
static std::atomic<bool> ep_stop;
static std::mutex ep_error_lock;
static char ep_error[256];

#define threadIdx (ep_me.current->thread)
#define blockIdx (ep_me.group)
#define gridDim ep_grid
#define blockDim ep_block

// Keeps the first failure and ends the whole grid.
static void ep_fail(const char* text) {
  std::lock_guard<std::mutex> hold(ep_error_lock);
  if (!ep_error[0]) snprintf(ep_error, sizeof ep_error, "%s", text);
  ep_me.failed = true;
  ep_stop = true;
}

[[noreturn]] static void ep_leave() { _longjmp(ep_me.scheduler, 1); }

[[noreturn]] static __attribute__((noinline)) void ep_bad_index(long long index, unsigned long long len, int line) {
  char text[256];
  ep_dim3 g = ep_me.group, t = ep_me.current->thread;
  snprintf(text, sizeof text, "index %lld outside %llu elements, workgroup (%u, %u, %u), invocation (%u, %u, %u), emitted line %d",
           index, len, g.x, g.y, g.z, t.x, t.y, t.z, line);
  ep_fail(text);
  ep_leave();
}

static __attribute__((noinline)) void ep_barrier(int line) {
  ep_fiber* f = ep_me.current;
  f->state = EP_WAITING;
  f->line = line;
  if (!_setjmp(f->here)) ep_leave();
  __asm__ volatile("" ::: "memory");  // neighbours have run: nothing read before holds
}

static inline void* ep_shared(unsigned offset, unsigned long long) { return ep_me.shared + offset; }

typedef void (*ep_call)(void** args);
static ep_call ep_kernel;
static void** ep_args;

static void ep_fiber_main() {
  // One fiber serves the same invocation of workgroup after workgroup.
  for (;;) {
    ep_kernel(ep_args);
    ep_fiber* f = ep_me.current;
    f->state = EP_DONE;
    if (!_setjmp(f->here)) ep_leave();
  }
}

// Runs fiber f until it waits, ends or fails.
static __attribute__((noinline)) void ep_resume(ep_fiber* f) {
  ep_me.current = f;
  if (_setjmp(ep_me.scheduler)) return;
  f->state = EP_RUNNING;
  if (f->started) _longjmp(f->here, 1);
  f->started = true;
  setcontext(&f->first);
}

// A kernel without barriers: a call per invocation; only a bad index leaves it sideways.
static __attribute__((noinline)) void ep_plain(ep_fiber* f) {
  ep_me.current = f;
  if (_setjmp(ep_me.scheduler)) return;
  ep_kernel(ep_args);
}

// One workgroup with barriers: rounds from barrier to barrier.
static void ep_run_group(std::vector<ep_fiber>& fibers) {
  for (;;) {
    unsigned done = 0;
    for (ep_fiber& f : fibers) {
      ep_resume(&f);
      if (ep_me.failed) return;
      done += f.state == EP_DONE;
      if (f.state != fibers[0].state || (f.state == EP_WAITING && f.line != fibers[0].line)) {
        char text[256];
        snprintf(text, sizeof text, "barrier not reached by all invocations: workgroup (%u, %u, %u), invocation (%u, %u, %u) %s, invocation 0 %s (emitted line %d)",
                 ep_me.group.x, ep_me.group.y, ep_me.group.z, f.thread.x, f.thread.y, f.thread.z,
                 f.state == EP_DONE ? "ended" : "waits", fibers[0].state == EP_DONE ? "ended" : "waits",
                 f.state == EP_DONE ? fibers[0].line : f.line);
        return ep_fail(text);
      }
    }
    if (done == fibers.size()) return;
  }
}

static const size_t EP_STACK = 256 * 1024, EP_GUARD = 64 * 1024;

static void ep_work(std::atomic<unsigned long long>* next, unsigned long long groups, bool barriers) {
  size_t threads = (size_t)ep_block.x * ep_block.y * ep_block.z;
  std::vector<ep_fiber> fibers(threads);
  std::vector<unsigned char> shared(ep_shared_bytes + 64);
  size_t slot = EP_STACK + EP_GUARD, bytes = barriers ? slot * threads : 0;
  unsigned char* stacks = nullptr;
  if (barriers) {
    stacks = (unsigned char*)mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stacks == MAP_FAILED) return ep_fail("no memory for the stacks of one workgroup");
  }
  for (size_t k = 0; k < threads; ++k) {
    ep_fiber& f = fibers[k];
    f.thread = {(unsigned)(k % ep_block.x), (unsigned)(k / ep_block.x % ep_block.y), (unsigned)(k / ep_block.x / ep_block.y)};
    if (!barriers) continue;
    unsigned char* base = stacks + k * slot;
    mprotect(base, EP_GUARD, PROT_NONE);  // an overflow stops here instead of in a neighbour's stack
    getcontext(&f.first);
    f.first.uc_stack.ss_sp = base + EP_GUARD;
    f.first.uc_stack.ss_size = EP_STACK;
    f.first.uc_link = nullptr;
    makecontext(&f.first, ep_fiber_main, 0);
  }
  ep_me.failed = false;
  ep_me.shared = (unsigned char*)(((size_t)shared.data() + 63) & ~(size_t)63);
  for (unsigned long long g; !ep_stop && (g = next->fetch_add(1)) < groups;) {
    ep_me.group = {(unsigned)(g % ep_grid.x), (unsigned)(g / ep_grid.x % ep_grid.y), (unsigned)(g / ep_grid.x / ep_grid.y)};
    // Shared memory starts as NaNs and huge integers: a kernel that reads before it writes shows itself.
    memset(ep_me.shared, 0xFF, ep_shared_bytes);
    if (barriers) {
      ep_run_group(fibers);
    } else {
      for (size_t k = 0; k < threads && !ep_me.failed; ++k) ep_plain(&fibers[k]);
    }
    if (ep_me.failed) break;
  }
  if (stacks) munmap(stacks, bytes);
}

// Returns nullptr, or what went wrong; the text stays until the next launch.
static const char* ep_run(ep_call kernel, void** args, ep_dim3 block, ep_dim3 grid, unsigned shared_bytes, bool barriers, unsigned workers) {
  ep_kernel = kernel; ep_args = args; ep_block = block; ep_grid = grid; ep_shared_bytes = shared_bytes;
  ep_stop = false; ep_error[0] = 0;
  std::atomic<unsigned long long> next(0);
  unsigned long long groups = (unsigned long long)grid.x * grid.y * grid.z;
  if (workers > groups) workers = (unsigned)groups;
  std::vector<std::thread> pool;
  for (unsigned k = 0; k < workers; ++k) pool.emplace_back(ep_work, &next, groups, barriers);
  for (std::thread& t : pool) t.join();
  return ep_error[0] ? ep_error : nullptr;
}
