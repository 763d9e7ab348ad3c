// Built-ins whose last bits differ between devices: here only because Options::allow_inexact asked for them.
#define EP_INEXACT1(name, f) EP_FN f32 name(f32 a) { return EP_DEVICE_OR_HOST(f(a), __builtin_##f(a)); } EP_LIFT1(name)
#define EP_INEXACT2(name, f) EP_FN f32 name(f32 a, f32 b) { return EP_DEVICE_OR_HOST(f(a, b), __builtin_##f(a, b)); } EP_LIFT2(name)
EP_INEXACT1(ep_sin, sinf) EP_INEXACT1(ep_cos, cosf) EP_INEXACT1(ep_tan, tanf)
EP_INEXACT1(ep_asin, asinf) EP_INEXACT1(ep_acos, acosf) EP_INEXACT1(ep_atan, atanf)
EP_INEXACT1(ep_sinh, sinhf) EP_INEXACT1(ep_cosh, coshf) EP_INEXACT1(ep_tanh, tanhf)
EP_INEXACT1(ep_exp, expf) EP_INEXACT1(ep_exp2, exp2f) EP_INEXACT1(ep_log, logf) EP_INEXACT1(ep_log2, log2f)
EP_INEXACT2(ep_pow, powf) EP_INEXACT2(ep_atan2, atan2f)
EP_FN f32 ep_inverse_sqrt(f32 a) { return 1.0f / ep_sqrt(a); }
EP_LIFT1(ep_inverse_sqrt)
