//! Sums become the descriptor and the table.

use earprint_core::{Descriptor, Known, TrackTable, Why, dim};
use earprint_signal::track::N_FFT;

use crate::analysis::{SourceInfo, SourceNote, TrackNumbers};
use crate::frames::Frames;
use crate::k_weighted::KWeighted;
use crate::key::{key, tonnetz};
use crate::level::Level;
use crate::onsets::onsets;
use crate::pitch;
use crate::tempo::tempo;

const RATE: f64 = earprint_core::TRACK_RATE_HZ as f64;

/// The numbers of a track of `samples` samples whose sums are complete.
pub fn numbers(
    source: SourceInfo,
    note: SourceNote,
    samples: u64,
    level: Level,
    loudness: KWeighted,
    mut frames: Frames,
) -> TrackNumbers {
    let mut table = TrackTable {
        duration: note.frames_at_source_rate as f64 / f64::from(source.rate_hz),
        sample_rate: source.rate_hz,
        channels: source.channels,
        codec: source.codec,
        ..TrackTable::default()
    };
    if note.non_finite > 0 {
        return TrackNumbers { descriptor: Descriptor::unknown(Why::NonFinite), table };
    }
    if samples < N_FFT as u64 {
        return TrackNumbers { descriptor: Descriptor::unknown(Why::TooShort), table };
    }

    let seconds = samples as f64 / RATE;
    let long = |needed: f64| if seconds < needed { Err(Why::TooShort) } else { Ok(()) };
    let silent = level.silent();
    let crossings = level.crossings.count();
    let loud = loudness.finish();
    let level = level.finish();
    let (bands, bass_mid) = frames.bands.finish(source.rate_hz);
    table.sections = frames.sections(samples);
    let frames = frames.finish();
    // Channels that cancel leave a mono signal of zeros: nothing rises and nothing is voiced there, for that reason.
    let mono = if frames.centroid == Err(Why::Silence) { Err(Why::Silence) } else { Ok(()) };
    let sounding = |k: Known| if silent { Err(Why::Silence) } else { k };

    let (tempo, stability) = match mono.and(long(3.0)) {
        Err(why) => (Err(why), Err(why)),
        Ok(()) => tempo(&frames.envelope),
    };
    let chroma = frames.chroma;
    let mut known = [Err(Why::Undefined); earprint_core::DIMENSIONS];
    known[..bands.len()].copy_from_slice(&bands);
    for (d, k) in [
        (dim::LOUDNESS, sounding(loud.integrated)),
        (dim::CREST, level.crest),
        (dim::BASS_MID_RATIO, bass_mid),
        (dim::TEMPO, tempo),
        (dim::RHYTHM_STABILITY, stability),
        (dim::ONSET_RATE, mono.and(long(1.0)).map(|()| onsets(&frames.envelope).count() as f64 / seconds)),
        (dim::SILENCE_RATIO, level.silence_ratio),
        (dim::CENTROID, frames.centroid),
        (dim::ROLLOFF, frames.rolloff),
        (dim::FLATNESS, frames.flatness),
        (dim::HARMONIC_RATIO, frames.harmonic_ratio),
        (dim::PITCH_STABILITY, mono.and_then(|()| pitch::stability(&frames.f0))),
        (dim::CHROMA_CONCENTRATION, mono.and(chroma.map(|c| c.concentration).ok_or(Why::Undefined))),
        (dim::CREST_VARIATION, level.crest_variation),
        (dim::LOUDNESS_VARIATION, sounding(loud.variation)),
        (dim::PEAK_CONSISTENCY, level.peak_consistency),
        (dim::STEREO_WIDTH, level.stereo_width),
        (dim::PHASE_CORRELATION, level.phase_correlation),
    ] {
        known[d] = k;
    }

    let some = |k: Known| k.ok().map(|x| x as f32);
    let found = chroma.and_then(|c| key(&c.mean));
    table.key = found.map(|k| k.name.to_owned());
    table.mode = found.map(|k| k.mode.to_owned());
    table.key_margin = found.map(|k| k.margin as f32);
    table.tuning = chroma.and_then(|c| c.tuning_thirds).map(|thirds| (thirds * (100.0 / 3.0)) as f32);
    table.chroma = chroma.map(|c| c.mean.map(|x| x as f32));
    table.tonnetz = chroma.map(|c| tonnetz(&c.mean).map(|x| x as f32));
    (table.mfcc_mean, table.mfcc_std) = frames.mfcc.unzip();
    table.zero_crossing_rate = mono.is_ok().then(|| (crossings as f64 / seconds) as f32);
    table.rms_mean = frames.rms.map(|r| r.mean() as f32);
    table.rms_std = frames.rms.map(|r| r.deviation() as f32);
    table.bandwidth = some(frames.bandwidth);
    table.flux = frames.flux.map(|x| x as f32);
    table.true_peak = some(level.true_peak);
    table.loudness_range = some(loud.range);
    TrackNumbers { descriptor: Descriptor::new(known), table }
}
