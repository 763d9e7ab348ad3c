//! How far two keys are apart.
//!
//! Steps: the shortest walk over the 24 keys in which a fifth up or down costs 1, the relative key 1 and the parallel key 2. The walks
//! without parallels are the circle of fifths with the relative keys beside it, which disc jockeys know as the "Camelot wheel": same number, next
//! number or other letter is one step. Grades: C. L. Krumhansl, *Cognitive Foundations of Musical Pitch*, 1990, measures how near two keys
//! are by the correlation r of their profiles (Krumhansl and Kessler's); the grade of a step count is the mean of (1 - r) / (1 - r_min) over all
//! keys that far apart, to two decimals. The test derives them again.

/// A key: pitch class of its tonic, C 0 to B 11, and whether it is minor.
pub type Key = (u8, bool);

/// A key by the names of records: `C`, `C#` ... `B`, and `major` or `minor`. `None` for any other.
pub fn key_named(tonic: &str, mode: &str) -> Option<Key> {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    let class = NAMES.iter().position(|name| *name == tonic)?;
    let minor = match mode {
        "minor" => true,
        "major" => false,
        _ => return None,
    };
    Some((class as u8, minor))
}

/// Cost of a change by so many steps, 0 to 6.
pub const KEY_GRADES: [f64; 7] = [0.0, 0.28, 0.46, 0.56, 0.74, 0.87, 0.95];

/// Place of a key on the circle of fifths, 0 to 11: that of its relative major, C 0, G 1.
fn place(key: Key) -> u8 {
    let (tonic, minor) = key;
    (if minor { tonic + 3 } else { tonic }) * 7 % 12
}

fn around(difference: u8) -> u8 {
    (difference % 12).min((12 - difference % 12) % 12)
}

/// Steps between two keys, 0 to 6; `None` where a pitch class is above 11. Symmetric.
pub fn key_steps(a: Key, b: Key) -> Option<u8> {
    if a.0 > 11 || b.0 > 11 {
        return None;
    }
    let (from, to) = (place(a), place(b));
    if a.1 == b.1 {
        return Some(around(12 + to - from));
    }
    let (major, minor) = if a.1 { (to, from) } else { (from, to) };
    // The parallel minor lies three fifths below its major.
    Some((around(12 + minor - major) + 1).min(around(12 + minor + 3 - major) + 2))
}

/// `C major` to `B minor`.
pub(super) fn key_words(key: Key) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    format!("{} {}", NAMES[usize::from(key.0)], if key.1 { "minor" } else { "major" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: Key = (0, false);

    #[test]
    fn steps_by_hand() {
        // Am 1, G 1, F 1, Em 2, Dm 2, Cm 2, D 2, Fm 3, Eb 3, F#m 4, F# 6; Am to Em and Dm 1, Am to A 2.
        let near = [((9, true), 1), ((7, false), 1), ((5, false), 1), ((4, true), 2), ((2, true), 2), ((0, true), 2)];
        let far = [((2, false), 2), ((5, true), 3), ((3, false), 3), ((6, false), 6), ((0, false), 0), ((6, true), 4)];
        for (key, steps) in near.into_iter().chain(far) {
            assert_eq!(key_steps(C, key), Some(steps), "C to {key:?}");
        }
        assert_eq!(key_steps((9, true), (4, true)), Some(1));
        assert_eq!(key_steps((9, true), (9, false)), Some(2));
        assert_eq!(key_steps(C, (12, false)), None);
    }

    #[test]
    fn steps_are_the_shortest_walk_and_know_no_tonic() {
        // Floyd-Warshall over the 24 keys with the three edges of the definition.
        let all: Vec<Key> = (0..12).flat_map(|t| [(t, false), (t, true)]).collect();
        let at = |key: Key| usize::from(key.0 % 12) * 2 + usize::from(key.1);
        let mut walk = [[99u8; 24]; 24];
        for &(t, minor) in &all {
            let relative = (if minor { t + 3 } else { t + 9 }, !minor);
            let i = at((t, minor));
            walk[i][i] = 0;
            for (other, price) in [((t + 7, minor), 1), ((t + 5, minor), 1), (relative, 1), ((t, !minor), 2)] {
                walk[i][at(other)] = price;
            }
        }
        for k in 0..24 {
            for i in 0..24 {
                for j in 0..24 {
                    walk[i][j] = walk[i][j].min(walk[i][k] + walk[k][j]);
                }
            }
        }
        for &a in &all {
            for &b in &all {
                assert_eq!(key_steps(a, b), Some(walk[at(a)][at(b)]), "{a:?} {b:?}");
                assert_eq!(key_steps(a, b), key_steps(b, a));
                assert_eq!(key_steps(((a.0 + 5) % 12, a.1), ((b.0 + 5) % 12, b.1)), key_steps(a, b));
            }
        }
    }

    #[test]
    fn grades_are_krumhansls_distances() {
        const PROFILES: [[f64; 12]; 2] = [
            [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
            [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
        ];
        let turned = |(tonic, minor): Key| -> [f64; 12] {
            let profile = PROFILES[usize::from(minor)];
            let mean = profile.iter().sum::<f64>() / 12.0;
            std::array::from_fn(|n| profile[(12 + n - usize::from(tonic)) % 12] - mean)
        };
        let all: Vec<Key> = (0..12).flat_map(|t| [(t, false), (t, true)]).collect();
        let (mut sums, mut counts, mut lowest) = ([0.0; 7], [0.0; 7], 1.0_f64);
        for &a in &all {
            for &b in &all {
                let (x, y) = (turned(a), turned(b));
                let dot = |x: [f64; 12], y: [f64; 12]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
                let r = dot(x, y) / (dot(x, x) * dot(y, y)).sqrt();
                let steps = usize::from(key_steps(a, b).unwrap());
                lowest = lowest.min(r);
                sums[steps] += 1.0 - r;
                counts[steps] += 1.0;
            }
        }
        for steps in 0..7 {
            let grade = sums[steps] / counts[steps] / (1.0 - lowest);
            assert!((grade - KEY_GRADES[steps]).abs() < 0.005_5, "{steps} steps: {grade}");
        }
    }
}
