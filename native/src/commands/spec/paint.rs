//! From features to a picture: flags and the spec become options of the painter.

use anyhow::Result;
use earprint_core::MelSpec;
use earprint_pipeline::Failure;
use earprint_signal::{hz_from_mel, mel_from_hz};
use earprint_store::picture::{Axes, ColorMap, Picture, PictureOptions, Range, Size, render};

use crate::args::{Colors, RangeArg, SpecArgs};
use crate::job::usage;

/// Bytes a pixel takes while it is made: its value (f32), its colour, its share of the PNG.
const BYTES_PER_PIXEL: u64 = 4 + 3 + 3;

/// Pixels every picture may have, however many threads share the memory: 10 MB.
const ALWAYS_PIXELS: u64 = 1 << 20;

/// How every picture of a run looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Colours.
    pub color_map: ColorMap,
    /// Values of the lowest and highest colour.
    pub range: Range,
    /// Whether there is anything around the values.
    pub axes: bool,
    /// Pixels.
    pub size: Size,
    /// Pixels one picture may have, by the memory of the run.
    pub most_pixels: u64,
}

impl Look {
    /// The look that flags describe, for `workers` pictures at a time.
    ///
    /// # Errors
    /// Usage: pictures that do not fit the memory of the run.
    pub fn of(args: &SpecArgs, workers: usize) -> Result<Self> {
        let most_pixels = (args.run.memory / (2 * workers as u64 * BYTES_PER_PIXEL)).max(ALWAYS_PIXELS);
        let (width, height) = (args.width, args.height);
        if !args.exact && u64::from(width) * u64::from(height) > most_pixels {
            return usage(format!(
                "{width} x {height} pixels; expected at most {most_pixels} in all with --memory {} and {workers} pictures \
                 at a time; choose a smaller picture, more --memory or fewer --jobs",
                args.run.memory
            ));
        }
        Ok(Self {
            color_map: match args.color {
                Colors::Magma => ColorMap::Magma,
                Colors::Viridis => ColorMap::Viridis,
                Colors::Gray => ColorMap::Gray,
            },
            range: match args.range {
                RangeArg::Auto => Range::Auto,
                RangeArg::Fixed(low, high) => Range::Fixed { low, high },
            },
            axes: args.axes || !args.no_axes,
            size: if args.exact { Size::Exact } else { Size::Fit { width, height } },
            most_pixels,
        })
    }

    /// Paints values `(M, T)`.
    ///
    /// # Errors
    /// `E_PICTURE`: no room for values, or too many pixels.
    pub fn paint(
        &self,
        values: &[f32],
        bands: usize,
        frames: usize,
        title: &str,
        spec: &MelSpec,
    ) -> Result<Picture, Failure> {
        let pixels = bands as u64 * frames as u64;
        if self.size == Size::Exact && pixels > self.most_pixels {
            let reason = format!(
                "{frames} x {bands} pixels; expected at most {} in all; leave out --exact, or give more --memory",
                self.most_pixels
            );
            return Err(Failure::error("E_PICTURE", reason));
        }
        let options = PictureOptions {
            color_map: self.color_map,
            range: self.range,
            axes: self.axes.then(|| axes(title, spec)),
            size: self.size,
        };
        render(values, bands, frames, &options).map_err(|e| Failure::error("E_PICTURE", e.to_string()))
    }
}

fn axes(title: &str, spec: &MelSpec) -> Axes {
    let rate = f64::from(spec.sample_rate);
    // Centred frames lie around their sample, others begin with it.
    let first_frame_s = if spec.center { 0.0 } else { spec.n_fft as f64 / 2.0 / rate };
    Axes {
        title: title.to_owned(),
        seconds_per_frame: spec.hop_length as f64 / rate,
        first_frame_s,
        band_hz: band_hz(spec).iter().map(|edges| edges[1]).collect(),
        unit: spec.log.unit().to_owned(),
        text_scale: None,
    }
}

/// Lower edge, centre and upper edge of each band's triangle, Hz, `(M, 3)`.
pub fn band_hz(spec: &MelSpec) -> Vec<[f64; 3]> {
    let (low, high) = (mel_from_hz(spec.f_min, spec.mel_scale), mel_from_hz(spec.f_max, spec.mel_scale));
    let step = (high - low) / (spec.n_mels + 1) as f64;
    let edge = |i: usize| hz_from_mel(low + step * i as f64, spec.mel_scale);
    (0..spec.n_mels).map(|m| [edge(m), edge(m + 1), edge(m + 2)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_core::MelJob;

    #[test]
    fn bands_meet_at_their_edges() {
        let spec = MelJob::preset("librosa").unwrap().spec;
        let bands = band_hz(&spec);
        assert_eq!((bands.len(), bands[0][0]), (128, 0.0));
        assert!((bands[127][2] - 11_025.0).abs() < 1e-6);
        assert!(bands.windows(2).all(|w| w[0][1] == w[1][0] && w[0][2] == w[1][1]));
    }
}
