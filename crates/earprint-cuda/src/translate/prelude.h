// earprint CUDA prelude: the WGSL operations whose meaning C++ does not share, once for NVRTC and once for g++.
// No header is included: NVRTC has none. All names start with ep_ or EP_; the translator's own never do.
// Sameness: compile with --fmad=false (NVRTC) or -ffp-contract=off (g++); every f32 operation below is then one IEEE rounding.

typedef unsigned int u32;
typedef int i32;
typedef float f32;
typedef unsigned long long ep_u64;

#ifdef EARPRINT_HOST_EMULATION
// The emulator puts host.h before this file: fibers, threadIdx, blockIdx, gridDim, ep_barrier, ep_bad_index, ep_shared.
#define EP_FN static inline
#define EP_TABLE static const
#define EP_KERNEL(threads) extern "C" void
#define EP_UNIFORM const
#define EP_SHARED(type, name, offset) type& name = *(type*)ep_shared(offset, sizeof(type))
#define EP_BARRIER() ep_barrier(__LINE__)
#define EP_INDEX(i, n) ep_index((i), (n), __LINE__)
static inline u32 ep_index(u32 i, ep_u64 n, int line) { if (i >= n) ep_bad_index(i, n, line); return i; }
static inline i32 ep_index(i32 i, ep_u64 n, int line) { if (i < 0 || (ep_u64)i >= n) ep_bad_index(i, n, line); return i; }
#define EP_DEVICE_OR_HOST(device, host) host
#else
#define EP_FN static __device__ __forceinline__
#define EP_TABLE static __device__ const
#define EP_KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads)
#define EP_UNIFORM const __grid_constant__
#define EP_SHARED(type, name, offset) __shared__ type name
#define EP_BARRIER() __syncthreads()
#define EP_INDEX(i, n) (i)
#define EP_DEVICE_OR_HOST(device, host) device
#endif

// Vectors. vec3 is 12 bytes with the alignment of its scalar; the 16-byte alignment WGSL gives it is made by explicit
// padding in the structs and arrays around it, because a following scalar may sit in its fourth word.
template <class T, int N> struct alignas(N == 3 ? sizeof(T) : N * sizeof(T)) ep_vec { T e[N]; };
// Names without a comma, so that they may be macro arguments.
#define EP_NAMES(T) typedef ep_vec<T, 2> T##x2; typedef ep_vec<T, 3> T##x3; typedef ep_vec<T, 4> T##x4;
EP_NAMES(f32) EP_NAMES(i32) EP_NAMES(u32) EP_NAMES(bool)

// One definition per scalar type below, then lifted to vectors, component by component.
#define EP_LIFT1(f) \
  template <class T, int N> EP_FN auto f(const ep_vec<T, N>& a) -> ep_vec<decltype(f(a.e[0])), N> { \
    ep_vec<decltype(f(a.e[0])), N> r; for (int k = 0; k < N; ++k) r.e[k] = f(a.e[k]); return r; }
#define EP_LIFT2(f) \
  template <class T, class U, int N> EP_FN auto f(const ep_vec<T, N>& a, const ep_vec<U, N>& b) -> ep_vec<decltype(f(a.e[0], b.e[0])), N> { \
    ep_vec<decltype(f(a.e[0], b.e[0])), N> r; for (int k = 0; k < N; ++k) r.e[k] = f(a.e[k], b.e[k]); return r; }
#define EP_LIFT2_SCALAR(f) \
  template <class T, int N> EP_FN ep_vec<T, N> f(const ep_vec<T, N>& a, T b) { \
    ep_vec<T, N> r; for (int k = 0; k < N; ++k) r.e[k] = f(a.e[k], b); return r; } \
  template <class T, int N> EP_FN ep_vec<T, N> f(T a, const ep_vec<T, N>& b) { \
    ep_vec<T, N> r; for (int k = 0; k < N; ++k) r.e[k] = f(a, b.e[k]); return r; }
#define EP_LIFT3(f) \
  template <class T, int N> EP_FN ep_vec<T, N> f(const ep_vec<T, N>& a, const ep_vec<T, N>& b, const ep_vec<T, N>& c) { \
    ep_vec<T, N> r; for (int k = 0; k < N; ++k) r.e[k] = f(a.e[k], b.e[k], c.e[k]); return r; }

// Arithmetic. Signed integers wrap: computed on unsigned words. x / 0 = x, x % 0 = 0, MIN / -1 = MIN, MIN % -1 = 0.
EP_FN f32 ep_add(f32 a, f32 b) { return a + b; }
EP_FN u32 ep_add(u32 a, u32 b) { return a + b; }
EP_FN i32 ep_add(i32 a, i32 b) { return (i32)((u32)a + (u32)b); }
EP_FN f32 ep_sub(f32 a, f32 b) { return a - b; }
EP_FN u32 ep_sub(u32 a, u32 b) { return a - b; }
EP_FN i32 ep_sub(i32 a, i32 b) { return (i32)((u32)a - (u32)b); }
EP_FN f32 ep_mul(f32 a, f32 b) { return a * b; }
EP_FN u32 ep_mul(u32 a, u32 b) { return a * b; }
EP_FN i32 ep_mul(i32 a, i32 b) { return (i32)((u32)a * (u32)b); }
EP_FN f32 ep_div(f32 a, f32 b) { return a / b; }
EP_FN u32 ep_div(u32 a, u32 b) { return b == 0u ? a : a / b; }
EP_FN i32 ep_div(i32 a, i32 b) { return b == 0 ? a : b == -1 ? (i32)(0u - (u32)a) : a / b; }
EP_FN u32 ep_rem(u32 a, u32 b) { return b == 0u ? 0u : a % b; }
EP_FN i32 ep_rem(i32 a, i32 b) { return b == 0 || b == -1 ? 0 : a % b; }
EP_FN f32 ep_neg(f32 a) { return -a; }
EP_FN i32 ep_neg(i32 a) { return (i32)(0u - (u32)a); }
EP_LIFT2(ep_add) EP_LIFT2(ep_sub) EP_LIFT2(ep_mul) EP_LIFT2(ep_div) EP_LIFT2(ep_rem) EP_LIFT1(ep_neg)
EP_LIFT2_SCALAR(ep_add) EP_LIFT2_SCALAR(ep_sub) EP_LIFT2_SCALAR(ep_mul) EP_LIFT2_SCALAR(ep_div) EP_LIFT2_SCALAR(ep_rem)

// Bits. A shift counts modulo 32, as WGSL says for values known only at run time.
EP_FN u32 ep_shl(u32 a, u32 b) { return a << (b & 31u); }
EP_FN i32 ep_shl(i32 a, u32 b) { return (i32)((u32)a << (b & 31u)); }
EP_FN u32 ep_shr(u32 a, u32 b) { return a >> (b & 31u); }
EP_FN i32 ep_shr(i32 a, u32 b) { return a >> (b & 31u); }
EP_FN u32 ep_not(u32 a) { return ~a; }
EP_FN i32 ep_not(i32 a) { return ~a; }
EP_FN bool ep_lnot(bool a) { return !a; }
#define EP_BITWISE(T) \
  EP_FN T ep_and(T a, T b) { return (T)(a & b); } \
  EP_FN T ep_or(T a, T b) { return (T)(a | b); } \
  EP_FN T ep_xor(T a, T b) { return (T)(a ^ b); }
EP_BITWISE(u32) EP_BITWISE(i32) EP_BITWISE(bool)
EP_LIFT2(ep_shl) EP_LIFT2(ep_shr) EP_LIFT1(ep_not) EP_LIFT1(ep_lnot) EP_LIFT2(ep_and) EP_LIFT2(ep_or) EP_LIFT2(ep_xor)

EP_FN u32 ep_count_one_bits(u32 a) { return (u32)EP_DEVICE_OR_HOST(__popc(a), __builtin_popcount(a)); }
EP_FN u32 ep_clz(u32 a) { return (u32)EP_DEVICE_OR_HOST(__clz((int)a), (a == 0u ? 32 : __builtin_clz(a))); }
EP_FN u32 ep_ctz(u32 a) { return ep_count_one_bits((a & (0u - a)) - 1u); }
EP_FN u32 ep_first_leading_bit(u32 a) { return 31u - ep_clz(a); }
EP_FN i32 ep_first_leading_bit(i32 a) { return (i32)(31u - ep_clz((u32)(a < 0 ? ~a : a))); }
EP_FN u32 ep_first_trailing_bit(u32 a) { return a == 0u ? 0xFFFFFFFFu : ep_ctz(a); }
EP_FN u32 ep_reverse_bits(u32 a) {
#ifdef EARPRINT_HOST_EMULATION
  u32 r = 0u; for (int k = 0; k < 32; ++k) { r = (r << 1) | (a & 1u); a >>= 1; } return r;
#else
  return __brev(a);
#endif
}
EP_FN u32 ep_extract_bits(u32 a, u32 offset, u32 count) {
  u32 o = offset < 32u ? offset : 32u, c = count < 32u - o ? count : 32u - o;
  return c == 0u ? 0u : (a << (32u - c - o)) >> (32u - c);
}
EP_FN i32 ep_extract_bits(i32 a, u32 offset, u32 count) {
  u32 o = offset < 32u ? offset : 32u, c = count < 32u - o ? count : 32u - o;
  return c == 0u ? 0 : (i32)((u32)a << (32u - c - o)) >> (32u - c);
}
EP_FN u32 ep_insert_bits(u32 a, u32 b, u32 offset, u32 count) {
  u32 o = offset < 32u ? offset : 32u, c = count < 32u - o ? count : 32u - o;
  if (c == 0u) return a;
  u32 mask = (0xFFFFFFFFu >> (32u - c)) << o;
  return (a & ~mask) | ((b << o) & mask);
}
EP_FN i32 ep_insert_bits(i32 a, i32 b, u32 o, u32 c) { return (i32)ep_insert_bits((u32)a, (u32)b, o, c); }
EP_FN i32 ep_count_one_bits(i32 a) { return (i32)ep_count_one_bits((u32)a); }
EP_FN i32 ep_clz(i32 a) { return (i32)ep_clz((u32)a); }
EP_FN i32 ep_ctz(i32 a) { return (i32)ep_ctz((u32)a); }
EP_FN i32 ep_first_trailing_bit(i32 a) { return (i32)ep_first_trailing_bit((u32)a); }
EP_FN i32 ep_reverse_bits(i32 a) { return (i32)ep_reverse_bits((u32)a); }
EP_LIFT1(ep_count_one_bits) EP_LIFT1(ep_clz) EP_LIFT1(ep_ctz) EP_LIFT1(ep_first_leading_bit) EP_LIFT1(ep_first_trailing_bit) EP_LIFT1(ep_reverse_bits)
template <class T, int N> EP_FN ep_vec<T, N> ep_extract_bits(const ep_vec<T, N>& a, u32 offset, u32 count) {
  ep_vec<T, N> r; for (int k = 0; k < N; ++k) r.e[k] = ep_extract_bits(a.e[k], offset, count); return r;
}
template <class T, int N> EP_FN ep_vec<T, N> ep_insert_bits(const ep_vec<T, N>& a, const ep_vec<T, N>& b, u32 offset, u32 count) {
  ep_vec<T, N> r; for (int k = 0; k < N; ++k) r.e[k] = ep_insert_bits(a.e[k], b.e[k], offset, count); return r;
}

// Comparison and choice.
#define EP_COMPARE(T) \
  EP_FN bool ep_eq(T a, T b) { return a == b; } \
  EP_FN bool ep_ne(T a, T b) { return a != b; }
#define EP_ORDER(T) \
  EP_FN bool ep_lt(T a, T b) { return a < b; } \
  EP_FN bool ep_le(T a, T b) { return a <= b; } \
  EP_FN bool ep_gt(T a, T b) { return a > b; } \
  EP_FN bool ep_ge(T a, T b) { return a >= b; } \
  EP_FN T ep_min(T a, T b) { return b < a ? b : a; } \
  EP_FN T ep_max(T a, T b) { return a < b ? b : a; } \
  EP_FN T ep_clamp(T a, T low, T high) { return ep_min(ep_max(a, low), high); }
EP_COMPARE(f32) EP_COMPARE(i32) EP_COMPARE(u32) EP_COMPARE(bool) EP_ORDER(f32) EP_ORDER(i32) EP_ORDER(u32)
EP_LIFT2(ep_eq) EP_LIFT2(ep_ne) EP_LIFT2(ep_lt) EP_LIFT2(ep_le) EP_LIFT2(ep_gt) EP_LIFT2(ep_ge)
EP_LIFT2(ep_min) EP_LIFT2(ep_max) EP_LIFT3(ep_clamp)
EP_FN bool ep_all(bool a) { return a; }
EP_FN bool ep_any(bool a) { return a; }
template <int N> EP_FN bool ep_all(const ep_vec<bool, N>& a) { bool r = true; for (int k = 0; k < N; ++k) r = r && a.e[k]; return r; }
template <int N> EP_FN bool ep_any(const ep_vec<bool, N>& a) { bool r = false; for (int k = 0; k < N; ++k) r = r || a.e[k]; return r; }
template <class T, int N> EP_FN ep_vec<T, N> ep_select(const ep_vec<bool, N>& c, const ep_vec<T, N>& yes, const ep_vec<T, N>& no) {
  ep_vec<T, N> r; for (int k = 0; k < N; ++k) r.e[k] = c.e[k] ? yes.e[k] : no.e[k]; return r;
}

// Rounding and magnitude: exact operations only.
EP_FN f32 ep_abs(f32 a) { return EP_DEVICE_OR_HOST(fabsf(a), __builtin_fabsf(a)); }
EP_FN i32 ep_abs(i32 a) { return a < 0 ? ep_neg(a) : a; }
EP_FN u32 ep_abs(u32 a) { return a; }
EP_FN f32 ep_sign(f32 a) { return a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : 0.0f; }
EP_FN i32 ep_sign(i32 a) { return a > 0 ? 1 : a < 0 ? -1 : 0; }
EP_FN f32 ep_floor(f32 a) { return EP_DEVICE_OR_HOST(floorf(a), __builtin_floorf(a)); }
EP_FN f32 ep_ceil(f32 a) { return EP_DEVICE_OR_HOST(ceilf(a), __builtin_ceilf(a)); }
EP_FN f32 ep_trunc(f32 a) { return EP_DEVICE_OR_HOST(truncf(a), __builtin_truncf(a)); }
EP_FN f32 ep_round(f32 a) { return EP_DEVICE_OR_HOST(rintf(a), __builtin_rintf(a)); }
EP_FN f32 ep_fract(f32 a) { return a - ep_floor(a); }
EP_FN f32 ep_sqrt(f32 a) { return EP_DEVICE_OR_HOST(__fsqrt_rn(a), __builtin_sqrtf(a)); }
EP_FN f32 ep_fma(f32 a, f32 b, f32 c) { return EP_DEVICE_OR_HOST(__fmaf_rn(a, b, c), __builtin_fmaf(a, b, c)); }
EP_FN f32 ep_step(f32 edge, f32 a) { return a < edge ? 0.0f : 1.0f; }
EP_FN f32 ep_saturate(f32 a) { return ep_clamp(a, 0.0f, 1.0f); }
EP_LIFT1(ep_abs) EP_LIFT1(ep_sign) EP_LIFT1(ep_floor) EP_LIFT1(ep_ceil) EP_LIFT1(ep_trunc) EP_LIFT1(ep_round)
EP_LIFT1(ep_fract) EP_LIFT1(ep_sqrt) EP_LIFT3(ep_fma) EP_LIFT2(ep_step) EP_LIFT1(ep_saturate)
// Left to right, every product and every sum rounded.
template <class T, int N> EP_FN T ep_dot(const ep_vec<T, N>& a, const ep_vec<T, N>& b) {
  T r = ep_mul(a.e[0], b.e[0]); for (int k = 1; k < N; ++k) r = ep_add(r, ep_mul(a.e[k], b.e[k])); return r;
}

// Bit casts.
EP_FN u32 ep_bits_u32(u32 a) { return a; }
EP_FN u32 ep_bits_u32(i32 a) { return (u32)a; }
EP_FN i32 ep_bits_i32(u32 a) { return (i32)a; }
EP_FN i32 ep_bits_i32(i32 a) { return a; }
EP_FN f32 ep_bits_f32(f32 a) { return a; }
#ifdef EARPRINT_HOST_EMULATION
EP_FN u32 ep_bits_u32(f32 a) { u32 r; __builtin_memcpy(&r, &a, 4); return r; }
EP_FN f32 ep_bits_f32(u32 a) { f32 r; __builtin_memcpy(&r, &a, 4); return r; }
#else
EP_FN u32 ep_bits_u32(f32 a) { return __float_as_uint(a); }
EP_FN f32 ep_bits_f32(u32 a) { return __uint_as_float(a); }
#endif
EP_FN i32 ep_bits_i32(f32 a) { return (i32)ep_bits_u32(a); }
EP_FN f32 ep_bits_f32(i32 a) { return ep_bits_f32((u32)a); }
EP_LIFT1(ep_bits_u32) EP_LIFT1(ep_bits_i32) EP_LIFT1(ep_bits_f32)

// Conversions. f32 to integer: toward zero, clamped to the values both types hold (2147483520, 4294967040), NaN to 0.
EP_FN f32 ep_to_f32(f32 a) { return a; }
EP_FN f32 ep_to_f32(i32 a) { return (f32)a; }
EP_FN f32 ep_to_f32(u32 a) { return (f32)a; }
EP_FN f32 ep_to_f32(bool a) { return a ? 1.0f : 0.0f; }
EP_FN i32 ep_to_i32(f32 a) { return a != a ? 0 : (i32)ep_clamp(a, -2147483648.0f, 2147483520.0f); }
EP_FN i32 ep_to_i32(i32 a) { return a; }
EP_FN i32 ep_to_i32(u32 a) { return (i32)a; }
EP_FN i32 ep_to_i32(bool a) { return a ? 1 : 0; }
EP_FN u32 ep_to_u32(f32 a) { return a != a ? 0u : (u32)ep_clamp(a, 0.0f, 4294967040.0f); }
EP_FN u32 ep_to_u32(i32 a) { return (u32)a; }
EP_FN u32 ep_to_u32(u32 a) { return a; }
EP_FN u32 ep_to_u32(bool a) { return a ? 1u : 0u; }
EP_FN bool ep_to_bool(f32 a) { return a != 0.0f; }
EP_FN bool ep_to_bool(i32 a) { return a != 0; }
EP_FN bool ep_to_bool(u32 a) { return a != 0u; }
EP_FN bool ep_to_bool(bool a) { return a; }
EP_LIFT1(ep_to_f32) EP_LIFT1(ep_to_i32) EP_LIFT1(ep_to_u32) EP_LIFT1(ep_to_bool)

// Half floats live in the two halves of a u32. Round to nearest even; too large becomes infinity; NaN becomes 0x7FFF.
#ifdef EARPRINT_HOST_EMULATION
EP_FN u32 ep_half_from_f32(f32 a) {
  u32 x = ep_bits_u32(a), sign = (x >> 16) & 0x8000u, m = x & 0x7FFFFFFFu;
  if (m > 0x7F800000u) return 0x7FFFu;
  if (m >= 0x47800000u) return sign | 0x7C00u;
  if (m < 0x38800000u) {  // half subnormal: adding 0.5 leaves the rounded 24-bit grid of 2^-24 in the low mantissa
    f32 shifted = ep_bits_f32(m) + 0.5f;
    return sign | (ep_bits_u32(shifted) - 0x3F000000u);
  }
  return sign | ((m - 0x38000000u + 0x0FFFu + ((m >> 13) & 1u)) >> 13);
}
EP_FN f32 ep_f32_from_half(u32 h) {
  u32 sign = (h & 0x8000u) << 16, m = h & 0x7FFFu;
  if (m >= 0x7C00u) return ep_bits_f32(sign | 0x7F800000u | ((m & 0x3FFu) << 13));
  if (m >= 0x0400u) return ep_bits_f32(sign | ((m << 13) + 0x38000000u));
  return ep_bits_f32(sign | ep_bits_u32((f32)m * 5.9604644775390625e-8f));
}
#else
EP_FN u32 ep_half_from_f32(f32 a) { unsigned short h; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(a)); return (u32)h; }
EP_FN f32 ep_f32_from_half(u32 h) { f32 r; unsigned short s = (unsigned short)h; asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(s)); return r; }
#endif
EP_FN u32 ep_pack2x16float(const f32x2& a) { return ep_half_from_f32(a.e[0]) | (ep_half_from_f32(a.e[1]) << 16); }
EP_FN f32x2 ep_unpack2x16float(u32 a) { return f32x2{{ep_f32_from_half(a & 0xFFFFu), ep_f32_from_half(a >> 16)}}; }
EP_FN f32 ep_quantize_f16(f32 a) { return ep_f32_from_half(ep_half_from_f32(a)); }
EP_LIFT1(ep_quantize_f16)

// Atomics: one word, relaxed order, as in WGSL.
#ifdef EARPRINT_HOST_EMULATION
#define EP_ATOMIC(T) \
  EP_FN T ep_atomic_load(const T* p) { return __atomic_load_n(p, __ATOMIC_RELAXED); } \
  EP_FN void ep_atomic_store(T* p, T v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); } \
  EP_FN T ep_atomic_add(T* p, T v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); } \
  EP_FN T ep_atomic_sub(T* p, T v) { return __atomic_fetch_sub(p, v, __ATOMIC_RELAXED); } \
  EP_FN T ep_atomic_and(T* p, T v) { return __atomic_fetch_and(p, v, __ATOMIC_RELAXED); } \
  EP_FN T ep_atomic_or(T* p, T v) { return __atomic_fetch_or(p, v, __ATOMIC_RELAXED); } \
  EP_FN T ep_atomic_xor(T* p, T v) { return __atomic_fetch_xor(p, v, __ATOMIC_RELAXED); } \
  EP_FN T ep_atomic_exchange(T* p, T v) { return __atomic_exchange_n(p, v, __ATOMIC_RELAXED); } \
  EP_FN T ep_atomic_cas(T* p, T compare, T v) { \
    __atomic_compare_exchange_n(p, &compare, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED); return compare; } \
  EP_FN T ep_atomic_min(T* p, T v) { T old = ep_atomic_load(p); for (;;) { T seen = ep_atomic_cas(p, old, ep_min(old, v)); if (seen == old) return old; old = seen; } } \
  EP_FN T ep_atomic_max(T* p, T v) { T old = ep_atomic_load(p); for (;;) { T seen = ep_atomic_cas(p, old, ep_max(old, v)); if (seen == old) return old; old = seen; } }
#else
#define EP_ATOMIC(T) \
  EP_FN T ep_atomic_load(const T* p) { return *(const volatile T*)p; } \
  EP_FN void ep_atomic_store(T* p, T v) { *(volatile T*)p = v; } \
  EP_FN T ep_atomic_add(T* p, T v) { return atomicAdd(p, v); } \
  EP_FN T ep_atomic_sub(T* p, T v) { return atomicSub(p, v); } \
  EP_FN T ep_atomic_and(T* p, T v) { return atomicAnd(p, v); } \
  EP_FN T ep_atomic_or(T* p, T v) { return atomicOr(p, v); } \
  EP_FN T ep_atomic_xor(T* p, T v) { return atomicXor(p, v); } \
  EP_FN T ep_atomic_exchange(T* p, T v) { return atomicExch(p, v); } \
  EP_FN T ep_atomic_cas(T* p, T compare, T v) { return atomicCAS(p, compare, v); } \
  EP_FN T ep_atomic_min(T* p, T v) { return atomicMin(p, v); } \
  EP_FN T ep_atomic_max(T* p, T v) { return atomicMax(p, v); }
#endif
EP_ATOMIC(u32) EP_ATOMIC(i32)

// The invocation's place in the grid; block shape (sx, sy, sz) is the kernel's workgroup size.
EP_FN u32x3 ep_local_id() { return u32x3{{threadIdx.x, threadIdx.y, threadIdx.z}}; }
EP_FN u32x3 ep_group_id() { return u32x3{{blockIdx.x, blockIdx.y, blockIdx.z}}; }
EP_FN u32x3 ep_num_groups() { return u32x3{{gridDim.x, gridDim.y, gridDim.z}}; }
EP_FN u32x3 ep_global_id(u32 sx, u32 sy, u32 sz) {
  return u32x3{{blockIdx.x * sx + threadIdx.x, blockIdx.y * sy + threadIdx.y, blockIdx.z * sz + threadIdx.z}};
}
EP_FN u32 ep_local_index(u32 sx, u32 sy) { return threadIdx.x + sx * (threadIdx.y + sy * threadIdx.z); }
// Zeroes a workgroup variable with all invocations of the workgroup; a barrier has to follow.
template <class T> EP_FN void ep_zero(T& object, u32 index, u32 threads) {
  unsigned char* bytes = (unsigned char*)&object;
  for (u32 k = index; k < sizeof(T); k += threads) bytes[k] = 0;
}
