// Shared    ln, f16: the two functions every backend must compute alike
// twin      earprint-signal/src/ln.rs::ln, earprint-signal/src/half_bits.rs::f16_from_f32
// Order     as written; no built-in logarithm (drivers differ), no fused multiply-add

// ln(x) of a positive normal x: bit split, then a polynomial. Coefficients: ln.rs.
fn ln(x: f32) -> f32 {
  let bits = bitcast<i32>(x);
  // 0x3f3504f3 is sqrt(1/2).
  let e = (bits - 0x3f3504f3) >> 23u;
  let f = bitcast<f32>(bits - (e << 23u)) - 1.0;
  var q = -0.07621856;
  q = q * f + 0.12904494;
  q = q * f + -0.13242985;
  q = q * f + 0.14181814;
  q = q * f + -0.16609082;
  q = q * f + 0.20001975;
  q = q * f + -0.25001583;
  q = q * f + 0.33333325;
  q = q * f + -0.49999988;
  let s = f + (f * f) * q;
  let ef = f32(e);
  return (s + ef * -0.00021219444) + ef * 0.693359375;
}

// f16 bits of x in the low half: round to nearest even, clamped to +-65504. The built-in packing may round otherwise.
fn f16_bits(x: f32) -> u32 {
  let bits = bitcast<u32>(clamp(x, -65504.0, 65504.0));
  let sign = (bits >> 16u) & 0x8000u;
  let magnitude = bits & 0x7fffffffu;
  // Below 2^-14 the half is subnormal: adding 0.5 leaves its ten bits, rounded, at the bottom of the sum.
  let small = bitcast<u32>(bitcast<f32>(magnitude) + 0.5) - 0x3f000000u;
  let normal = (magnitude + 0xfffu + ((magnitude >> 13u) & 1u) - 0x38000000u) >> 13u;
  return sign | select(normal, small, magnitude < 0x38800000u);
}
