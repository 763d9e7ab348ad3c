// Kernel  mel/mel_fused      twin: earprint-signal/src/mel/kernel.rs::run
// In      pcm     (N) i16 pairs or f32   full scale 32768 or 1
//         starts  (T) u32                first sample of each output
//         tables, indices                see mel_params.wgsl
// Out     out     (T, M) f32 or f16      mel after the logarithm, without per-file floors
// Order   one workgroup per output (pooled) or per `round` outputs; per frame the twin's operations: window, stages,
//         split and power, chunks of frames ascending, bins ascending; the same bits as the twin where the driver
//         neither fuses nor reorders
// Limits  points * round <= 2048; n_mels even where the output is f16

// Bins a thread sums when frames are pooled: (2048 + 1) / 256, rounded up.
const OWN_BINS: u32 = 9u;

fn mel_value(frame: u32, m: u32, pooled: bool) -> f32 {
  let first = indices[params.first_bin_at + m];
  let from_weight = indices[params.offset_at + m];
  let count = indices[params.offset_at + m + 1u] - from_weight;
  var sum = 0.0;
  for (var i = 0u; i < count; i++) {
    let weight = tables[params.weights_at + from_weight + i];
    var power: f32;
    if pooled {
      power = points[first + i];
    } else {
      power = power_at(frame, first + i);
    }
    sum = sum + weight * power;
  }
  return post(sum);
}

@compute @workgroup_size(256)
fn mel_fused(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let pooled = params.pool_frames > 1u;
  let per_group = select(params.round, 1u, pooled);
  let first_output = (group.y * groups.x + group.x) * per_group;
  if first_output >= params.outputs {
    return;
  }
  let outputs = min(per_group, params.outputs - first_output);
  let all_frames = select(outputs, params.pool_frames, pooled);

  var chunk_sum: array<f32, OWN_BINS>;
  var total: array<f32, OWN_BINS>;
  for (var done = 0u; done < all_frames; done += params.round) {
    let frames = min(params.round, all_frames - done);
    for (var i = thread; i < frames * params.points; i += THREADS) {
      let frame = i / params.points;
      let k = i % params.points;
      var start: u32;
      if pooled {
        start = starts[first_output] + (done + frame) * params.hop;
      } else {
        start = starts[first_output + frame];
      }
      set_point(i, vec2<f32>(
        windowed(start + 2u * k, tables[2u * k]),
        windowed(start + 2u * k + 1u, tables[2u * k + 1u]),
      ));
    }
    workgroupBarrier();
    transform(frames, thread);
    split_power(frames, thread, (params.flags & MAGNITUDE) != 0u);
    if pooled {
      for (var frame = 0u; frame < frames; frame++) {
        let nth = done + frame;
        let begins = nth % params.chunk == 0u;
        let ends = nth % params.chunk == params.chunk - 1u || nth + 1u == all_frames;
        for (var own = 0u; own < OWN_BINS; own++) {
          let f = thread + own * THREADS;
          if f <= params.points {
            let p = power_at(frame, f);
            if begins {
              chunk_sum[own] = p;
            } else {
              chunk_sum[own] = chunk_sum[own] + p;
            }
            if ends {
              if nth < params.chunk {
                total[own] = chunk_sum[own];
              } else {
                total[own] = total[own] + chunk_sum[own];
              }
            }
          }
        }
      }
      // The next round overwrites the points that others may still read.
      workgroupBarrier();
    }
  }
  if pooled {
    for (var own = 0u; own < OWN_BINS; own++) {
      let f = thread + own * THREADS;
      if f <= params.points {
        points[f] = total[own] * params.mean;
      }
    }
    workgroupBarrier();
  }

  if (params.flags & OUT_F16) != 0u {
    let pairs = params.n_mels / 2u;
    for (var i = thread; i < outputs * pairs; i += THREADS) {
      let frame = i / pairs;
      let m = 2u * (i % pairs);
      let low = f16_bits(mel_value(frame, m, pooled));
      let high = f16_bits(mel_value(frame, m + 1u, pooled));
      out[(first_output + frame) * pairs + i % pairs] = low | (high << 16u);
    }
  } else {
    for (var i = thread; i < outputs * params.n_mels; i += THREADS) {
      let frame = i / params.n_mels;
      let m = i % params.n_mels;
      out[first_output * params.n_mels + i] = bitcast<u32>(mel_value(frame, m, pooled));
    }
  }
}
