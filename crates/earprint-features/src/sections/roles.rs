//! Roles from energy, density, place and slope.
//!
//! **Intensity** of a section: its energy in dB, plus half of its density in dB (`10 log10` of the ratio: twice as many or as strong
//! attacks count 1.5 dB). `m` is the median of the intensities, sections weighted by their length; `ramp(x; a, b)` rises from 0 at `a`
//! to 1 at `b`. Each role has a membership:
//!
//! | role | membership |
//! |---|---|
//! | intro | first of several: the larger of `ramp(m - I; 0, 4)` and `ramp(I_next - I; 4, 10)` |
//! | outro | last of several: the largest of `ramp(m - I; 0, 4)`, `ramp(I_before - I; 4, 10)` and `ramp(-slope; 3, 9)`, a fade-out |
//! | climax | `ramp(I - m; 0.5, 3)` times `1 - ramp(I_max - I; 0.5, 2)` |
//! | build-up | not last: the larger of `ramp(slope; 2, 6)` and `ramp(slope of density; 1.5, 4)`, times `ramp(I_next - I; -1, 1)` |
//! | breakdown | between two: the larger of `ramp(min(I_before, I_next) - I; 2, 5)` (quieter than both) and `ramp(L - I; 2, 6)` times `ramp(L - m; -3, 0)` (after a loud one), `L` the last section before that is no breakdown; if that is not the one just before, also times `ramp(m - I; 0, 3)` (still quiet) |
//! | steady | 1 - the largest of the others |
//!
//! The largest membership gives the role, of equals the first of `Role::ALL`. All of it is relative to the track: a gain changes
//! nothing. Slopes are of the last third over the first, in dB. The numbers are what a listener calls a change of level (3 dB
//! is clearly heard, 1 dB hardly), not fitted to any track.

use earprint_core::Role;

/// What a role depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traits {
    /// Length, seconds.
    pub seconds: f64,
    /// Energy over the track's, dB; silence as the gate.
    pub energy: f64,
    /// Density over the track's, a ratio, where there is one.
    pub density: Option<f64>,
    /// Rise of energy, dB; 0 where unknown.
    pub slope: f64,
    /// Rise of density, dB; 0 where unknown.
    pub density_slope: f64,
}

impl Traits {
    fn intensity(&self) -> f64 {
        // A section without any attack counts as one with a hundredth of the usual.
        self.energy + self.density.map_or(0.0, |d| 5.0 * libm::log10(d.max(0.01)))
    }
}

fn ramp(x: f64, from: f64, to: f64) -> f64 {
    ((x - from) / (to - from)).clamp(0.0, 1.0)
}

/// The value at which half of the weight is reached.
fn weighted_median(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let mut sorted: Vec<(f64, f64)> = values.collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * sorted.iter().map(|v| v.1).sum::<f64>();
    let mut sum = 0.0;
    for (value, weight) in &sorted {
        sum += weight;
        if sum >= half {
            return *value;
        }
    }
    0.0
}

/// The role of each section and its membership, 0-1.
pub fn roles(sections: &[Traits]) -> Vec<(Role, f64)> {
    let intensity: Vec<f64> = sections.iter().map(Traits::intensity).collect();
    let m = weighted_median(sections.iter().zip(&intensity).map(|(s, &i)| (i, s.seconds)));
    let most = intensity.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let last = sections.len() - 1;
    // The section before that was no breakdown.
    let mut before: Option<f64> = None;
    let mut one = |i: usize| {
        let (s, here) = (&sections[i], intensity[i]);
        let next = intensity.get(i + 1).copied();
        let beside = i.checked_sub(1).map(|b| intensity[b]);
        let member = |role: Role| match role {
            Role::Intro if i == 0 && last > 0 => {
                ramp(m - here, 0.0, 4.0).max(next.map_or(0.0, |next| ramp(next - here, 4.0, 10.0)))
            }
            Role::Outro if i == last && last > 0 => {
                let below = beside.map_or(0.0, |beside| ramp(beside - here, 4.0, 10.0));
                ramp(m - here, 0.0, 4.0).max(below).max(ramp(-s.slope, 3.0, 9.0))
            }
            Role::Climax => ramp(here - m, 0.5, 3.0) * (1.0 - ramp(most - here, 0.5, 2.0)),
            Role::BuildUp => next.map_or(0.0, |next| {
                ramp(s.slope, 2.0, 6.0).max(ramp(s.density_slope, 1.5, 4.0)) * ramp(next - here, -1.0, 1.0)
            }),
            Role::Breakdown => before.zip(beside).zip(next).map_or(0.0, |((before, beside), next)| {
                let after_loud = ramp(before - here, 2.0, 6.0) * ramp(before - m, -3.0, 0.0);
                let still = if beside < before { ramp(m - here, 0.0, 3.0) } else { 1.0 };
                ramp(beside.min(next) - here, 2.0, 5.0).max(after_loud * still)
            }),
            _ => 0.0,
        };
        let others = Role::ALL.map(member).into_iter().fold(0.0, f64::max);
        let of = |role: Role| if role == Role::Steady { 1.0 - others } else { member(role) };
        let mut best = (Role::Intro, -1.0);
        for role in Role::ALL {
            if of(role) > best.1 {
                best = (role, of(role));
            }
        }
        if best.0 != Role::Breakdown {
            before = Some(here);
        }
        best
    };
    (0..sections.len()).map(&mut one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(energy: f64) -> Traits {
        Traits { seconds: 20.0, energy, density: Some(1.0), slope: 0.0, density_slope: 0.0 }
    }

    fn names(sections: &[Traits]) -> Vec<&'static str> {
        roles(sections).into_iter().map(|(role, _)| role.name()).collect()
    }

    #[test]
    fn a_track_with_all_roles() {
        let rising = Traits { slope: 6.0, ..plain(-6.0) };
        let track = [plain(-8.0), plain(-1.0), plain(-1.0), plain(-9.0), rising, plain(3.0), plain(-12.0)];
        let got = roles(&track);
        let want = ["intro", "steady", "steady", "breakdown", "build-up", "climax", "outro"];
        assert_eq!(got.iter().map(|r| r.0.name()).collect::<Vec<_>>(), want);
        // m = -6 (the lower of the two in the middle): intro ramp(2; 0, 4), climax ramp(9; ..).
        assert_eq!(got.iter().map(|r| r.1).collect::<Vec<_>>()[5], 1.0);
    }

    #[test]
    fn memberships_by_hand() {
        // m = 0: 2 dB below it is half an intro, and steady by the other half: the first of the two in the order.
        assert_eq!(roles(&[plain(-2.0), plain(0.0), plain(0.0)])[0], (Role::Intro, 0.5));
        assert_eq!(roles(&[plain(-1.0), plain(0.0), plain(0.0)])[0], (Role::Steady, 0.75));
        // Density: four times as many attacks as the others are 3 dB.
        let dense = Traits { density: Some(4.0), ..plain(0.0) };
        let got = roles(&[plain(0.0), dense, plain(0.0)]);
        assert_eq!(got[1].0, Role::Climax);
        assert!((got[1].1 - 1.0).abs() < 1e-2);
        // A fade-out: 6 dB from the first third to the last.
        assert_eq!(names(&[plain(0.0), plain(0.0), Traits { slope: -7.0, ..plain(0.0) }])[2], "outro");
    }

    #[test]
    fn one_section_is_steady_and_gain_is_nothing() {
        assert_eq!(roles(&[plain(-3.0)]), [(Role::Steady, 1.0)]);
        let track = [-8.0, -1.0, -9.0, 3.0, -12.0];
        assert_eq!(names(&track.map(plain)), names(&track.map(|e| plain(e - 20.0))));
    }
}
