//! Two recordings of the same sound: how far apart, and whether one is shifted or has its channels in another order.

/// Furthest shift that is looked for, in frames.
const MAX_SHIFT: isize = 4800;
/// Frames a shift is judged by.
const WINDOW: usize = 1200;

/// What a comparison found; samples in units of 1/32768.
#[derive(Debug, PartialEq)]
pub struct Difference {
    /// Largest difference over the frames both have, in LSB of 16 bits, at offset 0.
    pub at_zero: f64,
    /// Frames by which ours is late; negative: early.
    pub shift: isize,
    /// Largest difference once shifted and with the channels in order.
    pub shifted: f64,
    /// Which channel of the reference each of ours holds.
    pub order: Vec<usize>,
}

/// Ours, `planar[c][n]` with full scale 1.0, in the unit of the references: 16 bits, where they clip.
pub fn lsb16(planar: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let plane = |plane: &Vec<f32>| plane.iter().map(|x| (x * 32768.0).clamp(-32768.0, 32767.0)).collect();
    planar.iter().map(plane).collect()
}

/// Compares channel by channel; equally many channels.
pub fn compare(ours: &[Vec<f32>], theirs: &[Vec<f32>]) -> Difference {
    let same: Vec<usize> = (0..ours.len()).collect();
    let at_zero = furthest(ours, theirs, 0, &same);
    if at_zero <= 1.0 {
        return Difference { at_zero, shift: 0, shifted: at_zero, order: same };
    }
    let (mut best, mut shift) = (f64::INFINITY, 0);
    for candidate in theirs {
        let (error, at) = best_shift(&ours[0], candidate);
        if error < best {
            (best, shift) = (error, at);
        }
    }
    let nearest = |plane: &Vec<f32>| {
        let errors = theirs.iter().map(|other| mean_error(plane, other, shift));
        errors.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(c, _)| c)
    };
    let order: Vec<usize> = ours.iter().map(nearest).collect();
    Difference { at_zero, shift, shifted: furthest(ours, theirs, shift, &order), order }
}

/// The frames both have when ours is `shift` frames late.
fn overlap<'a>(ours: &'a [f32], theirs: &'a [f32], shift: isize) -> impl Iterator<Item = (&'a f32, &'a f32)> {
    let (skip_ours, skip_theirs) = (shift.max(0) as usize, (-shift).max(0) as usize);
    ours.iter().skip(skip_ours).zip(theirs.iter().skip(skip_theirs))
}

fn furthest(ours: &[Vec<f32>], theirs: &[Vec<f32>], shift: isize, order: &[usize]) -> f64 {
    let mut most = 0.0f64;
    for (plane, &c) in ours.iter().zip(order) {
        for (a, b) in overlap(plane, &theirs[c], shift) {
            // Not `max`, which would lose a NaN.
            let far = f64::from(a - b).abs();
            if far.is_nan() || far > most {
                most = if far.is_nan() { f64::INFINITY } else { far };
            }
        }
    }
    most
}

fn mean_error(ours: &[f32], theirs: &[f32], shift: isize) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for (a, b) in overlap(ours, theirs, shift) {
        sum += f64::from((a - b).abs());
        n += 1.0;
    }
    if n > 0.0 { sum / n } else { f64::INFINITY }
}

/// The shift with the smallest error over a window in the middle of ours.
fn best_shift(ours: &[f32], theirs: &[f32]) -> (f64, isize) {
    let n = ours.len().min(theirs.len());
    let window = WINDOW.min(n / 2);
    let start = (n - window) / 2;
    let (mut best, mut at) = (f64::INFINITY, 0);
    if window < 16 {
        return (best, at);
    }
    // Small shifts first, so that equal errors (silence) name the smallest.
    for distance in 0..=MAX_SHIFT {
        for shift in [distance, -distance] {
            let from = start as isize - shift;
            if from < 0 || from as usize + window > theirs.len() {
                continue;
            }
            let mut sum = 0.0;
            for (a, b) in ours[start..start + window].iter().zip(&theirs[from as usize..]) {
                sum += f64::from((a - b).abs());
                if sum >= best {
                    break;
                }
            }
            if sum < best {
                (best, at) = (sum, shift);
            }
        }
    }
    (best / window as f64, at)
}

/// Level of a channel in dB relative to another; 0 for equal ones.
pub fn level_db(ours: &[f32], theirs: &[f32]) -> f64 {
    let energy = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() + 1.0;
    10.0 * (energy(ours) / energy(theirs)).log10()
}
