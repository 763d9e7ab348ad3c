// A libcuda made of host memory, to test the driver half without a GPU. A "module image" is the path of a library that the
// emulator built; a launch calls that library's launcher with the very parameter list that CUDA would get.
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long address;
typedef const char* (*launcher)(void**, unsigned, unsigned, unsigned);
static int live_allocations, live_modules, live_contexts, lost;
static char context_object, stream_object;
static thread_local void* current;
struct event { int at; };
static int clock_ticks;
#define NEED_CONTEXT if (lost) return 700; if (!current) return 201

extern "C" {
int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* v) { *v = 12080; return 0; }
int cuGetErrorName(int code, const char** name) { *name = code == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "CUDA_ERROR_FAKE"; return 0; }
int cuDeviceGetCount(int* n) { *n = 1; return 0; }
int cuDeviceGet(int* d, int ordinal) { *d = 40 + ordinal; return 0; }
int cuDeviceGetName(char* name, int len, int d) { if (d != 40) return 101; strncpy(name, "Fake GPU", len); return 0; }
int cuDeviceTotalMem_v2(size_t* bytes, int) { *bytes = 1 << 20; return 0; }
int cuDeviceGetAttribute(int* v, int attribute, int) { *v = attribute == 75 ? 9 : 0; return 0; }
int cuDevicePrimaryCtxRetain(void** c, int d) { if (d != 40) return 101; *c = &context_object; live_contexts++; return 0; }
int cuDevicePrimaryCtxRelease_v2(int) { live_contexts--; current = 0; return 0; }
int cuCtxSetCurrent(void* c) { if (c != &context_object) return 201; current = c; return 0; }
int cuMemGetInfo_v2(size_t* free, size_t* total) { NEED_CONTEXT; *free = 1 << 19; *total = 1 << 20; return 0; }
int cuMemAlloc_v2(address* p, size_t bytes) {
  NEED_CONTEXT; if (bytes > 1 << 20) return 2;
  void* m = 0; if (posix_memalign(&m, 256, bytes)) return 2;
  memset(m, 0xAB, bytes); live_allocations++; *p = (address)m; return 0;
}
int cuMemFree_v2(address p) { if (!current) return 201; free((void*)p); live_allocations--; return 0; }
int cuMemsetD8Async(address p, unsigned char v, size_t n, void* s) { NEED_CONTEXT; if (s != &stream_object) return 400; memset((void*)p, v, n); return 0; }
int cuMemcpyHtoDAsync_v2(address p, const void* h, size_t n, void* s) { NEED_CONTEXT; if (s != &stream_object) return 400; memcpy((void*)p, h, n); return 0; }
int cuMemcpyDtoHAsync_v2(void* h, address p, size_t n, void* s) { NEED_CONTEXT; if (s != &stream_object) return 400; memcpy(h, (void*)p, n); return 0; }
int cuStreamCreate(void** s, unsigned flags) { NEED_CONTEXT; if (flags != 1) return 1; *s = &stream_object; return 0; }
int cuStreamDestroy_v2(void*) { return 0; }
int cuStreamSynchronize(void* s) { NEED_CONTEXT; return s == &stream_object ? 0 : 400; }
int cuModuleLoadData(void** m, const void* image) { NEED_CONTEXT; *m = dlopen((const char*)image, RTLD_NOW | RTLD_LOCAL); if (!*m) return 200; live_modules++; return 0; }
int cuModuleUnload(void* m) { dlclose(m); live_modules--; return 0; }
int cuModuleGetFunction(void** f, void* m, const char* name) { if (!dlsym(m, name)) return 500; *f = dlsym(m, "launch"); return *f ? 0 : 500; }
int cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void* s, void** p, void** extra) {
  NEED_CONTEXT; if (s != &stream_object || shared || extra || !bx || !by || !bz) return 1;
  clock_ticks++;
  if (((launcher)f)(p, gx, gy, gz)) lost = 1;  // as on a GPU: the launch itself succeeds
  return 0;
}
int cuEventCreate(void** e, unsigned) { NEED_CONTEXT; *e = new event{0}; return 0; }
int cuEventRecord(void* e, void*) { NEED_CONTEXT; ((event*)e)->at = clock_ticks; return 0; }
int cuEventSynchronize(void*) { NEED_CONTEXT; return 0; }
int cuEventElapsedTime(float* ms, void* a, void* b) { NEED_CONTEXT; *ms = (float)(((event*)b)->at - ((event*)a)->at); return 0; }
int cuEventDestroy_v2(void* e) { delete (event*)e; return 0; }
// For the test: what has not been given back.
int fake_live() { return live_allocations + 100 * live_modules + 10000 * live_contexts; }
}
