//! What leaves the door: planar, finite samples with a known rate.

use crate::error::AudioError;
use crate::finite::make_finite;
use crate::limits::Limits;
use crate::note::Note;

/// Samples by channel: `samples[c][n]`, all channels equally long.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 16-bit PCM exactly as stored; full scale is 32,768.
    I16(Vec<Vec<i16>>),
    /// Finite floats; full scale is 1.0, magnitudes up to 10^4 may occur.
    F32(Vec<Vec<f32>>),
}

/// One channel, either as stored or as the mean of all channels.
#[derive(Clone, Debug, PartialEq)]
pub enum Mono {
    /// 16-bit PCM exactly as stored; full scale is 32,768.
    I16(Vec<i16>),
    /// Finite floats; full scale is 1.0.
    F32(Vec<f32>),
}

/// Decoded audio: the only form in which sound enters the other crates.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Frames per second, within the limits it was opened with.
    pub rate_hz: u32,
    /// Planar samples, `(C, N)`.
    pub samples: Samples,
    /// Who decoded it: `earprint-wav`, `symphonia-mp3`, …, or `planar` for samples handed over.
    pub decoder: &'static str,
    /// What is not as the file promised; `None` for a flawless one.
    pub note: Option<Note>,
}

impl Samples {
    /// Number of channels C.
    pub fn channels(&self) -> usize {
        match self {
            Samples::I16(planes) => planes.len(),
            Samples::F32(planes) => planes.len(),
        }
    }

    /// Number of frames N (samples per channel).
    pub fn frames(&self) -> usize {
        match self {
            Samples::I16(planes) => planes.first().map_or(0, Vec::len),
            Samples::F32(planes) => planes.first().map_or(0, Vec::len),
        }
    }

    /// Keeps the first `frames` frames.
    pub(crate) fn truncate(&mut self, frames: usize) {
        match self {
            Samples::I16(planes) => planes.iter_mut().for_each(|plane| plane.truncate(frames)),
            Samples::F32(planes) => planes.iter_mut().for_each(|plane| plane.truncate(frames)),
        }
    }

    /// Planar floats, full scale 1.0. 16-bit samples become `x / 32768`, which is exact.
    pub fn to_f32(&self) -> Vec<Vec<f32>> {
        match self {
            Samples::I16(planes) => {
                planes.iter().map(|plane| plane.iter().map(|&x| f32_from_i16(x)).collect()).collect()
            }
            Samples::F32(planes) => planes.clone(),
        }
    }

    /// The mean over channels.
    ///
    /// One 16-bit channel stays 16-bit: that is the direct path for plain PCM. Otherwise the mean is
    /// `((x_0 + x_1) + …) / C` in f32 and in channel order, so that every machine rounds alike.
    pub fn mono(&self) -> Mono {
        match self {
            Samples::I16(planes) => match planes.as_slice() {
                [one] => Mono::I16(one.clone()),
                many => Mono::F32(mean(many, f32_from_i16)),
            },
            Samples::F32(planes) => match planes.as_slice() {
                [one] => Mono::F32(one.clone()),
                many => Mono::F32(mean(many, |x| x)),
            },
        }
    }

    /// As [`Samples::mono`], without copying a single channel.
    pub fn into_mono(self) -> Mono {
        match self {
            Samples::I16(mut planes) if planes.len() == 1 => Mono::I16(planes.swap_remove(0)),
            Samples::F32(mut planes) if planes.len() == 1 => Mono::F32(planes.swap_remove(0)),
            many => many.mono(),
        }
    }
}

impl Mono {
    /// Number of samples N.
    pub fn len(&self) -> usize {
        match self {
            Mono::I16(samples) => samples.len(),
            Mono::F32(samples) => samples.len(),
        }
    }

    /// Whether there is no sample at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Floats, full scale 1.0; without a copy if they are floats already.
    pub fn into_f32(self) -> Vec<f32> {
        match self {
            Mono::I16(samples) => samples.into_iter().map(f32_from_i16).collect(),
            Mono::F32(samples) => samples,
        }
    }
}

impl Clip {
    /// The second way in: planar floats from a caller, such as the channels of a browser's
    /// `AudioBuffer`. They are as foreign as a file: non-finite values become 0, magnitudes above
    /// 10^4 are clamped, and the note counts both.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`], [`AudioError::Channels`], [`AudioError::ChannelLength`],
    /// [`AudioError::Empty`], [`AudioError::TooLarge`].
    pub fn from_planar_f32(rate_hz: u32, mut planes: Vec<Vec<f32>>, limits: &Limits) -> Result<Clip, AudioError> {
        check_planes(rate_hz, &planes, limits)?;
        let mut note = Note::default();
        for plane in &mut planes {
            note.count(make_finite(plane));
        }
        Ok(Clip { rate_hz, samples: Samples::F32(planes), decoder: "planar", note: note.some() })
    }

    /// As [`Clip::from_planar_f32`] for 16-bit samples, which need no repair.
    ///
    /// # Errors
    /// The same, by the same rules.
    pub fn from_planar_i16(rate_hz: u32, planes: Vec<Vec<i16>>, limits: &Limits) -> Result<Clip, AudioError> {
        check_planes(rate_hz, &planes, limits)?;
        Ok(Clip { rate_hz, samples: Samples::I16(planes), decoder: "planar", note: None })
    }

    /// Number of channels C, at least 1.
    pub fn channels(&self) -> usize {
        self.samples.channels()
    }

    /// Number of frames N, at least 1.
    pub fn frames(&self) -> usize {
        self.samples.frames()
    }

    /// Length in seconds, `N / rate`.
    pub fn duration_s(&self) -> f64 {
        self.frames() as f64 / f64::from(self.rate_hz)
    }

    /// See [`Samples::to_f32`].
    pub fn to_f32(&self) -> Vec<Vec<f32>> {
        self.samples.to_f32()
    }

    /// See [`Samples::mono`].
    pub fn mono(&self) -> Mono {
        self.samples.mono()
    }

    /// See [`Samples::into_mono`].
    pub fn into_mono(self) -> Mono {
        self.samples.into_mono()
    }
}

/// Full scale 1.0 from 16-bit PCM; exact, since f32 holds 24 bits.
#[inline]
pub fn f32_from_i16(x: i16) -> f32 {
    f32::from(x) / 32768.0
}

fn mean<T: Copy>(planes: &[Vec<T>], f32_from: impl Fn(T) -> f32) -> Vec<f32> {
    let Some((first, rest)) = planes.split_first() else { return Vec::new() };
    let mut sum: Vec<f32> = first.iter().map(|&x| f32_from(x)).collect();
    // Plane by plane keeps the order of additions and reads memory straight through.
    for plane in rest {
        for (s, &x) in sum.iter_mut().zip(plane) {
            *s += f32_from(x);
        }
    }
    let channels = planes.len() as f32;
    for s in &mut sum {
        *s /= channels;
    }
    sum
}

fn check_planes<T>(rate_hz: u32, planes: &[Vec<T>], limits: &Limits) -> Result<(), AudioError> {
    limits.check_rate(rate_hz)?;
    limits.check_channels(planes.len())?;
    let expected = planes[0].len();
    for (channel, plane) in planes.iter().enumerate() {
        if plane.len() != expected {
            return Err(AudioError::ChannelLength { channel, expected, actual: plane.len() });
        }
    }
    if expected == 0 {
        return Err(AudioError::Empty { what: "the channels hold 0 samples" });
    }
    limits.check_frames(expected as u64)?;
    limits.check_clip_bytes((expected * planes.len() * size_of::<T>()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_taken_in_channel_order_and_one_pcm_channel_stays_pcm() {
        let stereo = Samples::I16(vec![vec![16384, -32768], vec![8192, 32767]]);
        assert_eq!(stereo.mono(), Mono::F32(vec![0.375, (-1.0f32 + 32767.0 / 32768.0) / 2.0]));
        let one = Samples::I16(vec![vec![1, -2]]);
        assert_eq!(one.mono(), Mono::I16(vec![1, -2]));
        assert_eq!(one.clone().into_mono().into_f32(), one.to_f32()[0]);
        let three = Samples::F32(vec![vec![1.0], vec![1e-8], vec![-1.0]]);
        assert_eq!(three.mono(), Mono::F32(vec![((1.0f32 + 1e-8) - 1.0) / 3.0]));
    }

    #[test]
    fn planar_samples_are_checked_like_a_file() {
        let limits = Limits::default();
        let clip = Clip::from_planar_f32(48_000, vec![vec![f32::NAN, 2e4, 0.5]], &limits).unwrap();
        assert_eq!(clip.samples, Samples::F32(vec![vec![0.0, 1e4, 0.5]]));
        let note = clip.note.unwrap();
        assert_eq!((note.non_finite, note.clamped), (1, 1));
        let code = |planes: Vec<Vec<f32>>, rate| Clip::from_planar_f32(rate, planes, &limits).unwrap_err().code();
        assert_eq!(code(vec![], 48_000), "E_CHANNELS");
        assert_eq!(code(vec![vec![]], 48_000), "E_EMPTY");
        assert_eq!(code(vec![vec![0.0], vec![]], 48_000), "E_CHANNEL_LENGTH");
        assert_eq!(code(vec![vec![0.0]], 0), "E_SAMPLE_RATE");
    }
}
