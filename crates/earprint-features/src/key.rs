//! Key and tonnetz of a mean chroma.
//!
//! Key: the 24 turned profiles of C. L. Krumhansl and E. J. Kessler (C. L. Krumhansl, *Cognitive Foundations of Musical
//! Pitch*, 1990), Pearson's correlation with the mean chroma; margin: best minus second best. Tonnetz: C. Harte, M.
//! Sandler, M. Gasser 2006, circles of fifths, minor thirds (radius 1) and major thirds (radius 0.5).

use core::f64::consts::PI;

const MAJOR: [f64; 12] = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88];
const MINOR: [f64; 12] = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17];

const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

/// A chroma whose deviation is below this has no key: rounding.
const FLAT: f64 = 1e-9;

/// A key and how far it stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// `C`, `C#` ... `B`.
    pub name: &'static str,
    /// `major` or `minor`.
    pub mode: &'static str,
    /// Correlation minus that of the second best.
    pub margin: f64,
}

/// Key of a chroma; `None` where all classes are equal. Of two equally good the lower class, major first.
pub fn key(chroma: &[f64; 12]) -> Option<Key> {
    let (chroma, length) = centred(chroma);
    if length < FLAT {
        return None;
    }
    let mut best = [(f64::NEG_INFINITY, 0, ""); 2];
    for tonic in 0..12 {
        for (profile, mode) in [(&MAJOR, "major"), (&MINOR, "minor")] {
            let (profile, its) = centred(profile);
            let sum: f64 = (0..12).map(|n| profile[n] * chroma[(n + tonic) % 12]).sum();
            let now = (sum / (its * length), tonic, mode);
            if now.0 > best[0].0 {
                best = [now, best[0]];
            } else if now.0 > best[1].0 {
                best[1] = now;
            }
        }
    }
    let [(r, tonic, mode), (second, ..)] = best;
    Some(Key { name: NAMES[tonic], mode, margin: r - second })
}

fn centred(x: &[f64; 12]) -> ([f64; 12], f64) {
    let mean = x.iter().sum::<f64>() / 12.0;
    let out = x.map(|x| x - mean);
    (out, libm::sqrt(out.iter().map(|x| x * x).sum()))
}

/// Tonnetz of a chroma that sums to 1: fifths, minor thirds, major thirds, each (sin, cos).
pub fn tonnetz(chroma: &[f64; 12]) -> [f64; 6] {
    let mut out = [0.0; 6];
    for (circle, (radius, step)) in [(1.0, 7.0 / 6.0), (1.0, 3.0 / 2.0), (0.5, 2.0 / 3.0)].into_iter().enumerate() {
        for (n, &c) in chroma.iter().enumerate() {
            let angle = n as f64 * step * PI;
            out[2 * circle] += radius * libm::sin(angle) * c;
            out[2 * circle + 1] += radius * libm::cos(angle) * c;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_24_keys_are_found_from_scale_and_triad() {
        for tonic in 0..12 {
            for (mode, scale, triad) in
                [("major", [0, 2, 4, 5, 7, 9, 11], [0, 4, 7]), ("minor", [0, 2, 3, 5, 7, 8, 10], [0, 3, 7])]
            {
                let mut chroma = [0.0; 12];
                scale.iter().for_each(|n| chroma[(n + tonic) % 12] += 1.0);
                triad.iter().for_each(|n| chroma[(n + tonic) % 12] += 1.0);
                chroma[tonic] += 0.5;
                let k = key(&chroma).unwrap();
                assert_eq!((k.name, k.mode), (NAMES[tonic], mode));
                assert!(k.margin > 0.05, "{k:?}");
            }
        }
    }

    #[test]
    fn a_profile_is_its_own_key_and_a_flat_chroma_has_none() {
        let k = key(&MINOR).unwrap();
        assert_eq!((k.name, k.mode), ("C", "minor"));
        // The relative major (D#) comes second; the two published profiles correlate by 0.6496.
        assert!((k.margin - 0.350_4).abs() < 1e-4, "{}", k.margin);
        assert_eq!(key(&[1.0 / 12.0; 12]), None);
    }

    #[test]
    fn tonnetz_of_single_classes_and_of_all() {
        let mut c = [0.0; 12];
        c[0] = 1.0;
        assert_eq!(tonnetz(&c), [0.0, 1.0, 0.0, 1.0, 0.0, 0.5]);
        // G: 7 fifth-steps of 7 pi / 6 are 49 pi / 6 = pi / 6; 21 pi / 2 = pi / 2; 14 pi / 3 = 2 pi / 3.
        let mut g = [0.0; 12];
        g[7] = 1.0;
        let root = 0.75f64.sqrt();
        let want = [0.5, root, 1.0, 0.0, 0.5 * root, -0.25];
        assert!(tonnetz(&g).iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12));
        assert!(tonnetz(&[1.0 / 12.0; 12]).iter().all(|x| x.abs() < 1e-12));
    }
}
