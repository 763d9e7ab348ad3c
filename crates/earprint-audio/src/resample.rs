//! One channel at another rate, by a windowed sinc.
//!
//! Enters: finite f32 at `from_hz`. Leaves: f32 at `to_hz`, sample 0 still at time 0, exactly [`resampled_len`] samples. Outside
//! the input there is silence.
//!
//! The filter is linear in phase, flat within 0.01 dB up to 0.92 of the lower Nyquist frequency and below -126 dB from 1.0 on
//! ([`filter`]). Sums are f64 in one order on every machine ([`dot`]): natively and in wasm the samples have the same bits.
//! Why, and at what price: decisions/0020.

mod dot;
mod filter;

use std::sync::Arc;

use crate::error::AudioError;
use crate::limits::Limits;
use dot::{Run, SIDE_BY_SIDE};
use filter::{Filter, Shape};

/// Input samples taken at a time, at least.
const CHUNK: usize = 8192;

/// Number of samples that [`resample`] returns for `n`: `ceil(n · to / from)`, which are the output
/// instants before the end of the input.
pub fn resampled_len(n: u64, from_hz: u32, to_hz: u32) -> u64 {
    let n = u128::from(n) * u128::from(to_hz);
    n.div_ceil(u128::from(from_hz.max(1))) as u64
}

/// A whole channel at another rate.
///
/// # Errors
/// [`AudioError::SampleRate`] for a rate of 0 or above 768,000 Hz.
pub fn resample(mono: &[f32], from_hz: u32, to_hz: u32) -> Result<Vec<f32>, AudioError> {
    let mut resampler = Resampler::new(from_hz, to_hz)?;
    let mut out = resampler.push(mono)?;
    out.extend(resampler.finish()?);
    Ok(out)
}

/// The streaming form: what all calls return, joined, is bit-equal to [`resample`] of all input
/// joined, however the input was cut. Memory is constant and does not depend on the length.
pub struct Resampler {
    from_hz: u32,
    to_hz: u32,
    /// `None` for equal rates: samples pass untouched.
    filter: Option<Arc<Filter>>,
    /// Input that later output depends on: silence before the first sample, then samples.
    held: Vec<f32>,
    /// Where in `held` the row of the next output sample begins.
    start: usize,
    /// The next output sample's phase.
    phase: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A resampler for one channel.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`] for a rate of 0 or above 768,000 Hz, [`AudioError::OutOfMemory`].
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Resampler, AudioError> {
        let mut one = Resampler::for_channels(from_hz, to_hz, 1, &Limits::default())?;
        one.pop().ok_or(AudioError::Channels { max: 1, actual: 0 })
    }

    /// One for each channel of a source; they share their filter.
    ///
    /// # Errors
    /// As [`Resampler::new`], and [`AudioError::TooLarge`] where [`Resampler::bytes`] are more than
    /// [`Limits::max_resampler_bytes`]: nothing has been reserved then.
    pub fn for_channels(
        from_hz: u32,
        to_hz: u32,
        channels: usize,
        limits: &Limits,
    ) -> Result<Vec<Resampler>, AudioError> {
        const MAX_HZ: u32 = 768_000;
        for actual_hz in [from_hz, to_hz] {
            if !(1..=MAX_HZ).contains(&actual_hz) {
                return Err(AudioError::SampleRate { min_hz: 1, max_hz: MAX_HZ, actual_hz });
            }
        }
        limits.check_resampler_bytes(Resampler::bytes(from_hz, to_hz, channels))?;
        let shape = (from_hz != to_hz).then(|| Shape::new(from_hz, to_hz));
        let filter = shape.map(Filter::new).transpose()?.map(Arc::new);
        (0..channels).map(|_| Resampler::with(filter.clone(), from_hz, to_hz)).collect()
    }

    /// Memory that the resamplers of a source take, bytes, whatever its length. 0 for equal rates.
    pub fn bytes(from_hz: u32, to_hz: u32, channels: usize) -> u64 {
        if from_hz == to_hz || from_hz == 0 || to_hz == 0 {
            return 0;
        }
        let shape = Shape::new(from_hz, to_hz);
        shape.bytes() + (channels * most_held(&shape) * size_of::<f32>()) as u64
    }

    fn with(filter: Option<Arc<Filter>>, from_hz: u32, to_hz: u32) -> Result<Resampler, AudioError> {
        let mut held = Vec::new();
        if let Some(filter) = &filter {
            let most = most_held(&filter.shape);
            held.try_reserve_exact(most)
                .map_err(|_| AudioError::OutOfMemory { bytes: (most * size_of::<f32>()) as u64 })?;
            // The middle of the first row lies on sample 0.
            held.resize(filter.shape.taps / 2 - 1, 0.0);
        }
        Ok(Resampler { from_hz, to_hz, filter, held, start: 0, phase: 0, taken: 0, given: 0 })
    }

    /// Takes any number of samples and returns those that are ready, possibly none.
    ///
    /// # Errors
    /// None today.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<f32>, AudioError> {
        self.taken += samples.len() as u64;
        let Some(filter) = self.filter.clone() else {
            self.given += samples.len() as u64;
            return Ok(samples.to_vec());
        };
        let mut out = Vec::with_capacity(resampled_len(samples.len() as u64, self.from_hz, self.to_hz) as usize);
        for chunk in samples.chunks(chunk(&filter.shape)) {
            self.held.extend_from_slice(chunk);
            let ready = self.ready(&filter.shape);
            self.run(&filter, ready - ready % group(&filter.shape), &mut out);
        }
        Ok(out)
    }

    /// Ends the input and returns the remaining samples.
    ///
    /// # Errors
    /// As [`Resampler::push`].
    pub fn finish(mut self) -> Result<Vec<f32>, AudioError> {
        let mut out = Vec::new();
        let Some(filter) = self.filter.clone() else { return Ok(out) };
        let total = resampled_len(self.taken, self.from_hz, self.to_hz);
        // The last instant lies before the end of the input: half a row of silence is enough.
        self.held.resize(self.held.len() + filter.shape.taps / 2, 0.0);
        let ready = (self.ready(&filter.shape) as u64).min(total - self.given) as usize;
        self.run(&filter, ready, &mut out);
        debug_assert_eq!(self.given, total);
        Ok(out)
    }

    /// Output samples whose rows are held whole.
    fn ready(&self, shape: &Shape) -> usize {
        // 64 bits: a chunk times the phases of two rates without a common divisor are more than 32.
        let starts = (self.held.len() + 1).saturating_sub(self.start + shape.taps) as u64;
        let places = (starts * shape.phases as u64).saturating_sub(self.phase as u64);
        places.div_ceil(shape.step as u64) as usize
    }

    /// Appends the next `count` samples and forgets the input before the row behind them.
    fn run(&mut self, filter: &Filter, count: usize, out: &mut Vec<f32>) {
        if count == 0 {
            return;
        }
        dot::filter(filter, &self.held, Run { start: self.start, phase: self.phase, count }, out);
        let at = self.phase as u64 + count as u64 * filter.shape.step as u64;
        let phases = filter.shape.phases as u64;
        let next = self.start + (at / phases) as usize;
        self.phase = (at % phases) as usize;
        let used = next.min(self.held.len());
        self.held.drain(..used);
        self.start = next - used;
        self.given += count as u64;
    }
}

/// Input samples taken at a time: not fewer than what is moved for it.
fn chunk(shape: &Shape) -> usize {
    CHUNK.max(shape.taps)
}

/// Output samples come in groups of this many, until the input ends.
fn group(shape: &Shape) -> usize {
    if shape.interpolated.is_some() { 1 } else { SIDE_BY_SIDE * shape.phases }
}

/// Most input samples held at a time: a chunk, a row, a group that is not complete, half a row of silence at the end.
fn most_held(shape: &Shape) -> usize {
    let group = if shape.interpolated.is_some() { 0 } else { SIDE_BY_SIDE * shape.step };
    chunk(shape) + group + shape.taps + shape.taps / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_held_than_was_said() {
        for (from, to) in
            [(44_100, 22_050), (8000, 44_100), (44_101, 44_100), (767_999, 44_100), (4001, 44_100), (768_000, 300)]
        {
            let shape = Shape::new(from, to);
            let mut resampler = Resampler::new(from, to).unwrap();
            let reserved = resampler.held.capacity();
            for n in [1, 9000, 7, 8192, 3] {
                resampler.push(&vec![0.25; n]).unwrap();
                assert!(resampler.held.len() + shape.taps / 2 <= most_held(&shape), "{from} to {to}");
            }
            assert_eq!(resampler.held.capacity(), reserved, "{from} to {to}");
            let said = Resampler::bytes(from, to, 1);
            assert!(shape.bytes() + (reserved * 4) as u64 <= said + said / 100, "{from} to {to}: {said}");
        }
    }
}
