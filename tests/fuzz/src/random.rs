//! Randomness that is the same everywhere.

/// SplitMix64 (Steele, Lea, Flood 2014): any seed will do, neighbouring ones too.
pub struct Random(u64);

impl Random {
    /// The generator of one case.
    pub fn of_case(seed: u64, case: u64) -> Self {
        let mut random = Random(seed ^ case.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        random.roll();
        random
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 for `n` 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.roll() % n as u64) as usize }
    }

    /// Whether an event of `percent` happens.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}
