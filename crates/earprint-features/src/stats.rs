//! Medians, means and deviations.

use earprint_core::{Known, Why};

/// Median: the middle value, or the mean of the two in the middle. `None` without values. Reorders them.
pub fn median(values: &mut [f32]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let half = values.len() / 2;
    let (lower, &mut middle, _) = values.select_nth_unstable_by(half, f32::total_cmp);
    let middle = f64::from(middle);
    if lower.len() == half && values.len() % 2 == 1 {
        return Some(middle);
    }
    let below = values[..half].iter().copied().max_by(f32::total_cmp).expect("an even count has a lower half");
    Some((f64::from(below) + middle) * 0.5)
}

/// Mean and deviation of a stream of numbers by B. P. Welford's recurrence (1962).
#[derive(Debug, Clone, Copy, Default)]
pub struct Spread {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Spread {
    /// One more number.
    pub fn add(&mut self, x: f64) {
        self.count += 1;
        let from_old = x - self.mean;
        self.mean += from_old / self.count as f64;
        self.squares += from_old * (x - self.mean);
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; 0 without numbers.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Standard deviation of the population; 0 without numbers.
    pub fn deviation(&self) -> f64 {
        if self.count == 0 { 0.0 } else { libm::sqrt((self.squares / self.count as f64).max(0.0)) }
    }

    /// `1 / (1 + deviation / mean)`: 1 where all are equal.
    pub fn consistency(&self) -> Known {
        if self.mean > 0.0 { Ok(1.0 / (1.0 + self.deviation() / self.mean)) } else { Err(Why::Undefined) }
    }
}

impl FromIterator<f64> for Spread {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        let mut spread = Self::default();
        for x in numbers {
            spread.add(x);
        }
        spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_even_and_none() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&mut [7.0]), Some(7.0));
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn spread_of_four_numbers() {
        let s: Spread = [2.0, 4.0, 4.0, 6.0].into_iter().collect();
        assert_eq!((s.count(), s.mean()), (4, 4.0));
        assert!((s.deviation() - 2f64.sqrt()).abs() < 1e-15);
        assert!((s.consistency().unwrap() - 1.0 / (1.0 + 2f64.sqrt() / 4.0)).abs() < 1e-15);
        assert_eq!(Spread::default().consistency(), Err(Why::Undefined));
    }
}
