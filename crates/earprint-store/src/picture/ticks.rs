//! Where ticks stand and what they say. In: what an axis spans. Out: round numbers of seconds, hertz or dB, with labels.
//!
//! Powers of ten are made by products and quotients and every tick is a whole multiple of its step: no machine's `log10`
//! or `pow` decides about a label.

/// A tick.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// In the unit of the axis: seconds, pixels from the bottom for frequencies, the values' unit for the colour bar.
    pub at: f64,
    /// What stands beside it.
    pub label: String,
}

/// Ticks an axis of time or frequency has at most.
pub const MAX_TICKS: usize = 8;

/// `mantissa * 10^exponent`, exact where `f64` can be.
fn decimal(mantissa: f64, exponent: i32) -> f64 {
    let power = (0..exponent.unsigned_abs()).fold(1.0_f64, |p, _| p * 10.0);
    if exponent < 0 { mantissa / power } else { mantissa * power }
}

/// The multiples of `step` within `low..=high`.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    // Rounding: bounds such as 0.7 (0.7 / 0.1 < 7) still hold the tick that stands on them.
    let slack = 1e-9 * low.abs().max(high.abs());
    let first = ((low - slack) / step).ceil();
    let count = (((high + slack) / step).floor() - first + 1.0).clamp(0.0, 100.0) as usize;
    (0..count).map(|i| (first + i as f64) * step + 0.0).collect()
}

/// A number without needless zeros, at most `decimals` behind the point.
fn short(v: f64, decimals: usize) -> String {
    let s = format!("{v:.decimals$}");
    let s = if s.contains('.') { s.trim_end_matches('0').trim_end_matches('.') } else { &s };
    if s == "-0" { "0".into() } else { s.into() }
}

/// At most `max` multiples of 1, 2 or 5 times a power of ten within `low..=high`, with labels; none where none fits.
pub fn linear(low: f64, high: f64, max: usize) -> Vec<Tick> {
    for exponent in -46..=40 {
        for mantissa in [1.0, 2.0, 5.0] {
            let step = decimal(mantissa, exponent);
            if (high - low) / step > max as f64 {
                continue;
            }
            let at = multiples(low, high, step);
            if at.len() <= max {
                let label = |v: f64| {
                    let far = low.abs().max(high.abs());
                    if !(-4..6).contains(&exponent) || far >= 1e7 {
                        format!("{v:.1e}")
                    } else {
                        short(v, (-exponent).max(0) as usize)
                    }
                };
                return at.into_iter().map(|at| Tick { at, label: label(at) }).collect();
            }
        }
    }
    Vec::new()
}

/// Ticks from `low` to `high` seconds, 4 to 8 where both `room` (how many labels fit) and the frames allow:
/// no step is below `least`, the time from frame to frame.
pub fn time(low: f64, high: f64, least: f64, room: usize) -> Vec<Tick> {
    let max = room.clamp(1, MAX_TICKS);
    // No step is more than twice the one before it, so 4 ticks are left when 9 were too many.
    let below_ten = (-9..=0).flat_map(|e| [1.0, 2.0, 2.5, 5.0].map(|m| decimal(m, e)));
    let minutes = [1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0].map(|m| m * 60.0);
    let hours = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0].map(|h| h * 3600.0);
    let days = (1..60).map(|d| decimal(86_400.0, 0) * (1_u64 << d) as f64);
    let steps = below_ten.chain([10.0, 15.0, 30.0]).chain(minutes).chain(hours).chain(days);
    for step in steps.filter(|&s| s >= least * 0.999) {
        if (high - low) / step > max as f64 {
            continue;
        }
        let at = multiples(low, high, step);
        if at.len() <= max && !at.is_empty() {
            let clock = high.abs().max(low.abs()) >= 60.0;
            return at.into_iter().map(|at| Tick { at, label: time_label(at, step, clock) }).collect();
        }
    }
    vec![Tick { at: low, label: time_label(low, 0.0001, low.abs() >= 60.0) }]
}

/// `2.5 s`, or `m:ss` and `h:mm:ss` on a `clock`; as many decimals as `step` needs.
fn time_label(seconds: f64, step: f64, clock: bool) -> String {
    let decimals = (0..9).find(|&d| (step * decimal(1.0, d)).fract() < 1e-6).unwrap_or(9) as usize;
    if !clock {
        return format!("{} s", short(seconds, decimals));
    }
    // Rounded to the last decimal first, so that no 59.9996 becomes 60 seconds.
    let unit = decimal(1.0, decimals as i32);
    let parts = (seconds.abs() * unit).round();
    let whole = (parts / unit).floor();
    let (h, m, s) = ((whole / 3600.0).floor(), (whole / 60.0).floor() % 60.0, whole % 60.0);
    let sign = if seconds < 0.0 && parts > 0.0 { "-" } else { "" };
    let tail = if decimals > 0 { format!(".{:0decimals$}", parts - whole * unit) } else { String::new() };
    if h > 0.0 { format!("{sign}{h}:{m:02}:{s:02}{tail}") } else { format!("{sign}{m}:{s:02}{tail}") }
}

/// `500 Hz`, `2.5 kHz`.
fn frequency_label(hz: f64) -> String {
    if hz.abs() < 1000.0 { format!("{} Hz", short(hz, 3)) } else { format!("{} kHz", short(hz / 1000.0, 4)) }
}

/// Distance of `hz` from the lower edge of the lowest band, counted in bands: the centre of band `m` lies at `m + 0.5`.
/// Straight lines between centres, half a band beyond the outer ones; `None` outside.
pub fn band_position(band_hz: &[f64], hz: f64) -> Option<f64> {
    let n = band_hz.len();
    if n == 1 {
        return (hz == band_hz[0]).then_some(0.5);
    }
    let m = band_hz.partition_point(|&b| b <= hz).clamp(1, n - 1) - 1;
    let at = m as f64 + 0.5 + (hz - band_hz[m]) / (band_hz[m + 1] - band_hz[m]);
    (0.0..=n as f64).contains(&at).then_some(at)
}

/// Frequency ticks on an axis of `height` pixels, `at` in pixels from the bottom, at least `gap` pixels apart.
///
/// Three scales are tried and the one with the smallest hole left: equal steps (spectra), octaves from 1 kHz and 1-2-5
/// (mel). The first is preferred unless another is clearly better. A mel axis crowds low numbers: they are left out from
/// the first one on that has no room.
pub fn frequency(band_hz: &[f64], height: usize, gap: f64) -> Vec<Tick> {
    let place = |hz: f64| {
        let at = band_position(band_hz, hz)? / band_hz.len() as f64 * height as f64;
        Some(Tick { at, label: frequency_label(hz) })
    };
    let (low, high) = (band_hz[0], band_hz[band_hz.len() - 1]);
    let equal = (1..=MAX_TICKS + 1)
        .rev()
        .map(|max| linear(low, high, max).iter().filter_map(|t| place(t.at)).collect::<Vec<_>>());
    let equal = equal.filter(|ticks| ticks.windows(2).all(|w| w[1].at - w[0].at >= gap)).find(|t| !t.is_empty());
    let from_above = |hz: &mut dyn Iterator<Item = f64>| {
        let mut ticks: Vec<Tick> = Vec::new();
        for tick in hz.filter_map(place) {
            if ticks.len() > MAX_TICKS || ticks.last().is_some_and(|above| above.at - tick.at < gap) {
                break;
            }
            ticks.push(tick);
        }
        ticks.reverse();
        ticks
    };
    let octaves = from_above(&mut (0..12).map(|i| 128_000.0 / f64::from(1 << i)));
    let decades = from_above(&mut (-1..=5).rev().flat_map(|e| [5.0, 2.0, 1.0].map(|m| decimal(m, e))));
    let hole = |ticks: &[Tick]| {
        let ends = std::iter::once(0.0).chain(ticks.iter().map(|t| t.at)).chain([height as f64]);
        let ends: Vec<f64> = ends.collect();
        ends.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max)
    };
    let mut best = equal.unwrap_or_default();
    for other in [octaves, decades] {
        if hole(&other) < 0.9 * hole(&best) {
            best = other;
        }
    }
    if best.is_empty() {
        best.extend(place(band_hz[band_hz.len() / 2]));
    }
    best
}

#[cfg(test)]
mod tests;
