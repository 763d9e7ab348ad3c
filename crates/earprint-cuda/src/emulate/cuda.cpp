// A libcuda made of host memory: tests the driver half, and the backend on it, without a GPU. A "module image" is the path of a
// library that the emulator built; a launch calls that library's launcher with the parameter list CUDA would get.
//
// As lazy as a driver may be: what is queued on a stream runs when somebody waits for it, and no sooner. Host memory that is
// read, overwritten or freed too early, and a stream nobody waited for, therefore show in the results.
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <vector>

typedef unsigned long long address;
typedef const char* (*launcher)(void**, unsigned, unsigned, unsigned);
struct event { int at; };
struct stream { std::deque<std::function<void()>> todo; };
struct function { launcher launch; const unsigned* parameter_bytes; };
// A parameter as the launcher wants it: aligned, and kept until the launch.
struct alignas(16) block { unsigned char bytes[16]; };

static std::recursive_mutex one_at_a_time;
static std::set<stream*> streams;
static std::map<address, size_t> memory, locked;
static std::map<void*, function*> modules;
static int live_contexts, lost, clock_ticks;
static size_t limit = 1 << 30, used;
static char context_object;
static thread_local void* current;

#define ONE std::lock_guard<std::recursive_mutex> hold(one_at_a_time)
#define NEED_CONTEXT ONE; if (lost) return 700; if (!current) return 201

static int drain(stream* s) {
  while (!lost && !s->todo.empty()) { auto next = std::move(s->todo.front()); s->todo.pop_front(); next(); }
  if (lost) s->todo.clear();
  return lost ? 700 : 0;
}
static int drain_all() { for (stream* s : streams) drain(s); return lost ? 700 : 0; }
static bool inside(const std::map<address, size_t>& all, address p, size_t n) {
  auto next = all.upper_bound(p);
  if (next == all.begin()) return false;
  auto it = std::prev(next);
  return p + n <= it->first + it->second;
}
// A copy: queued where the host side is page-locked; from and to ordinary memory the caller waits.
static int copy(void* s, void* to, const void* from, size_t n, address device, address host) {
  NEED_CONTEXT;
  stream* q = (stream*)s;
  if (!streams.count(q) || !inside(memory, device, n)) return 400;
  q->todo.push_back([=] { memcpy(to, from, n); });
  return inside(locked, host, n) ? 0 : drain(q);
}

extern "C" {
int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* v) { *v = 12080; return 0; }
int cuGetErrorName(int code, const char** name) { *name = code == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "CUDA_ERROR_FAKE"; return 0; }
int cuDeviceGetCount(int* n) { *n = 1; return 0; }
int cuDeviceGet(int* d, int ordinal) { *d = 40 + ordinal; return 0; }
int cuDeviceGetName(char* name, int len, int d) { if (d != 40) return 101; strncpy(name, "Fake GPU", len); return 0; }
int cuDeviceTotalMem_v2(size_t* bytes, int) { *bytes = limit; return 0; }
int cuDeviceGetAttribute(int* v, int attribute, int) { *v = attribute == 75 ? 9 : 0; return 0; }
int cuDevicePrimaryCtxRetain(void** c, int d) { ONE; if (d != 40) return 101; *c = &context_object; live_contexts++; return 0; }
int cuDevicePrimaryCtxRelease_v2(int) { ONE; live_contexts--; current = 0; return 0; }
int cuCtxSetCurrent(void* c) { if (c != &context_object) return 201; current = c; return 0; }
int cuCtxSynchronize() { NEED_CONTEXT; return drain_all(); }
int cuMemGetInfo_v2(size_t* free, size_t* total) { NEED_CONTEXT; *free = limit > used ? limit - used : 0; *total = limit; return 0; }
int cuMemAlloc_v2(address* p, size_t bytes) {
  NEED_CONTEXT; if (used + bytes > limit) return 2;
  void* m = 0; if (posix_memalign(&m, 256, bytes)) return 2;
  memset(m, 0xAB, bytes); memory[(address)m] = bytes; used += bytes; *p = (address)m; return 0;
}
int cuMemFree_v2(address p) {
  ONE; if (!current) return 201;
  drain_all();
  auto it = memory.find(p); if (it == memory.end()) return 1;
  used -= it->second; memory.erase(it); free((void*)p); return 0;
}
int cuMemHostAlloc(void** p, size_t bytes, unsigned flags) {
  NEED_CONTEXT; if (flags) return 1;
  *p = malloc(bytes); memset(*p, 0xCD, bytes); locked[(address)*p] = bytes; return 0;
}
// Does not wait: what is still queued then runs into freed memory, which is overwritten here.
int cuMemFreeHost(void* p) {
  ONE; auto it = locked.find((address)p); if (it == locked.end()) return 1;
  memset(p, 0xDD, it->second); locked.erase(it); free(p); return 0;
}
int cuMemsetD8Async(address p, unsigned char v, size_t n, void* s) {
  NEED_CONTEXT; if (!streams.count((stream*)s)) return 400;
  ((stream*)s)->todo.push_back([=] { memset((void*)p, v, n); }); return 0;
}
int cuMemcpyHtoDAsync_v2(address p, const void* h, size_t n, void* s) { return copy(s, (void*)p, h, n, p, (address)h); }
int cuMemcpyDtoHAsync_v2(void* h, address p, size_t n, void* s) { return copy(s, h, (void*)p, n, p, (address)h); }
int cuStreamCreate(void** s, unsigned flags) { NEED_CONTEXT; if (flags != 1) return 1; auto q = new stream; streams.insert(q); *s = q; return 0; }
int cuStreamDestroy_v2(void* s) { ONE; drain((stream*)s); streams.erase((stream*)s); delete (stream*)s; return 0; }
int cuStreamSynchronize(void* s) { NEED_CONTEXT; return streams.count((stream*)s) ? drain((stream*)s) : 400; }
int cuModuleLoadData(void** m, const void* image) {
  NEED_CONTEXT; *m = dlopen((const char*)image, RTLD_NOW | RTLD_LOCAL); if (!*m) return 200;
  modules[*m] = new function{0, 0}; return 0;
}
int cuModuleUnload(void* m) { ONE; delete modules[m]; modules.erase(m); dlclose(m); return 0; }
int cuModuleGetFunction(void** f, void* m, const char* name) {
  ONE; if (!dlsym(m, name)) return 500;
  function* found = modules[m];
  found->launch = (launcher)dlsym(m, "launch");
  found->parameter_bytes = (const unsigned*)dlsym(m, "parameter_bytes");
  *f = found; return found->launch && found->parameter_bytes ? 0 : 500;
}
int cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void* s, void** p, void** extra) {
  NEED_CONTEXT; if (!streams.count((stream*)s) || shared || extra || !bx || !by || !bz || gy > 65535 || gz > 65535) return 1;
  clock_ticks++;
  // The driver reads parameters before it returns.
  std::vector<std::vector<block>> values;
  for (const unsigned* n = ((function*)f)->parameter_bytes; *n; ++n) {
    values.emplace_back((*n + 15) / 16);
    memcpy(values.back().data(), p[values.size() - 1], *n);
  }
  launcher launch = ((function*)f)->launch;
  ((stream*)s)->todo.push_back([=]() mutable {
    std::vector<void*> pointers;
    for (auto& value : values) pointers.push_back(value.data());
    if (launch(pointers.data(), gx, gy, gz)) lost = 1;  // as on a GPU: the launch itself succeeds
  });
  return 0;
}
int cuEventCreate(void** e, unsigned) { NEED_CONTEXT; *e = new event{0}; return 0; }
int cuEventRecord(void* e, void*) { NEED_CONTEXT; ((event*)e)->at = clock_ticks; return 0; }
int cuEventSynchronize(void*) { NEED_CONTEXT; return drain_all(); }
int cuEventElapsedTime(float* ms, void* a, void* b) { NEED_CONTEXT; *ms = (float)(((event*)b)->at - ((event*)a)->at); return 0; }
int cuEventDestroy_v2(void* e) { delete (event*)e; return 0; }

// For tests.
// What has not been given back: allocations, modules, contexts, page-locked memory, streams.
void fake_live(int* counts) {
  ONE; int now[5] = {(int)memory.size(), (int)modules.size(), live_contexts, (int)locked.size(), (int)streams.size()};
  memcpy(counts, now, sizeof now);
}
// Streams with work that nobody has waited for yet.
int fake_busy() { ONE; int n = 0; for (stream* s : streams) n += !s->todo.empty(); return n; }
void fake_limit(size_t bytes) { ONE; limit = bytes; }
void fake_lose() { ONE; lost = 1; }
}
