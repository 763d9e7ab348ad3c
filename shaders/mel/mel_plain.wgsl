// Kernel  mel/mel_plain      twin: earprint-tests/src/reference.rs::mel (f64)
// In, Out as mel/mel_fused
// Order   one invocation per (t, m); for each bin of the band a plain sum over the frame's samples: the definition,
//         slow. It explains mel_fused and is its opponent in the suite: within the bound, not equal bits.
// Tables  the window is the one of mel_fused (one half folded in); (cos, sin) of 2 pi k / n_fft for k < n_fft stand
//         where mel_fused has its split

fn power_of(start: u32, f: u32) -> f32 {
  let n = 2u * params.points;
  var re = 0.0;
  var im = 0.0;
  for (var i = 0u; i < n; i++) {
    let x = windowed(start + i, tables[i]);
    let turn = params.split_at + 2u * ((f * i) % n);
    re = re + x * tables[turn];
    im = im - x * tables[turn + 1u];
  }
  // The window's half comes back here.
  let power = 4.0 * (re * re + im * im);
  if (params.flags & MAGNITUDE) != 0u {
    return sqrt(power);
  }
  return power;
}

@compute @workgroup_size(64)
fn mel_plain(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  let i = id.y * groups.x * 64u + id.x;
  if i >= params.outputs * params.n_mels {
    return;
  }
  let t = i / params.n_mels;
  let m = i % params.n_mels;
  let first = indices[params.first_bin_at + m];
  let from_weight = indices[params.offset_at + m];
  let count = indices[params.offset_at + m + 1u] - from_weight;
  var sum = 0.0;
  for (var b = 0u; b < count; b++) {
    var power = 0.0;
    for (var frame = 0u; frame < params.pool_frames; frame++) {
      power = power + power_of(starts[t] + frame * params.hop, first + b);
    }
    sum = sum + tables[params.weights_at + from_weight + b] * (power * params.mean);
  }
  out[i] = bitcast<u32>(post(sum));
}
