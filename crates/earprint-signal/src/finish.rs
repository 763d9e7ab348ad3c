//! What needs a whole file: floors below its largest value, whisper's scaling.

use earprint_core::{Log, MelSpec};

use crate::{f16_from_f32, f32_from_f16};

/// Applies the per-file floor of `spec.log` to all values of one file, in place. Any layout.
///
/// The largest value is exact whatever the order, so the result does not depend on how the file was cut.
pub fn finish_file(values: &mut [f32], spec: &MelSpec) {
    let floor_below = match spec.log {
        Log::Db { top_db: Some(top_db), .. } => top_db,
        Log::Whisper => 8.0,
        _ => return,
    };
    let largest = values.iter().fold(f32::NEG_INFINITY, |a, &v| if v > a { v } else { a });
    let floor = largest - floor_below;
    let whisper = matches!(spec.log, Log::Whisper);
    for v in values {
        *v = if *v > floor { *v } else { floor };
        if whisper {
            *v = (*v + 4.0) * 0.25;
        }
    }
}

/// The value f16 keeps of `x`: rounded to nearest even, clamped to +-65504.
pub fn clamp_f16(x: f32) -> f32 {
    f32_from_f16(f16_from_f32(x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_core::MelJob;

    #[test]
    fn floors_by_hand() {
        let mut v = [-100.0, 3.0, -77.5];
        finish_file(&mut v, &MelJob::preset("librosa").unwrap().spec);
        assert_eq!(v, [-77.0, 3.0, -77.0]);
        let mut w = [-10.0, 2.0];
        finish_file(&mut w, &MelJob::preset("whisper").unwrap().spec);
        assert_eq!(w, [-0.5, 1.5]);
        let mut unchanged = [-100.0, 3.0];
        finish_file(&mut unchanged, &MelJob::preset("leak").unwrap().spec);
        assert_eq!(unchanged, [-100.0, 3.0]);
    }
}
