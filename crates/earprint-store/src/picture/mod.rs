//! Pictures of mel spectrograms. In: values `(M, T)` row-major. Out: RGB pixels, low bands at the bottom, and PNG
//! bytes.
//!
//! The way through: values ▸ pixels ▸ colours ▸ ticks and text around it. Equal inputs give equal bytes on every
//! machine: only additions, products and quotients decide about a pixel. Plots of other things are drawn on the same
//! [`Canvas`], with [`Mask`]s for smooth shapes and [`Canvas::lettering`] for smooth letters.

mod axes;
mod canvas;
mod color;
mod font;
mod lettering;
mod png;
mod scale;
mod shapes;
mod ticks;

pub use axes::Axes;
pub use canvas::{Canvas, Rect};
pub use color::{ColorMap, NON_FINITE};
pub use lettering::lettering_width;
pub use png::encode_png;
pub use scale::{AUTO_SPAN_DB, Range};
pub use shapes::Mask;
pub use ticks::{Tick, linear as linear_ticks};

/// Pixels a picture may have; 800 MB of RGB.
pub const MAX_PIXELS: u64 = 1 << 28;

/// How a picture is drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PictureOptions {
    /// Colours from the lowest to the highest value.
    pub color_map: ColorMap,
    /// Which values get the lowest and the highest colour.
    pub range: Range,
    /// Title, ticks and colour bar around the values; `None`: the values alone.
    pub axes: Option<Axes>,
    /// How many pixels.
    pub size: Size,
}

/// The size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Size {
    /// One pixel per value: `T` wide, `M` high; axes add their margins.
    #[default]
    Exact,
    /// The whole picture, axes included, has this size. Where a pixel covers several values it shows the largest of
    /// them; where a value covers several pixels they all show it.
    Fit {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
}

/// A finished picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels, at least 1.
    pub width: u32,
    /// Pixels, at least 1.
    pub height: u32,
    /// `(height, width, 3)` row-major, 8-bit sRGB, top row first.
    pub rgb: Vec<u8>,
}

/// Why no picture could be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PictureError {
    /// The values are not `(M, T)`.
    #[error("{got} values; expected {n_mels} bands x {frames} frames = {expected}, all frames of a band together")]
    Shape {
        /// `M`.
        n_mels: usize,
        /// `T`.
        frames: usize,
        /// `M * T`.
        expected: u128,
        /// Length of the values.
        got: usize,
    },
    /// Nothing to draw.
    #[error("{n_mels} bands x {frames} frames; expected at least one of each")]
    Empty {
        /// `M`.
        n_mels: usize,
        /// `T`.
        frames: usize,
    },
    /// A fixed range that is none.
    #[error("range {low} to {high}; expected two finite values, the first one smaller")]
    Range {
        /// Value of the lowest colour.
        low: f32,
        /// Value of the highest colour.
        high: f32,
    },
    /// As many band frequencies as bands are needed.
    #[error("{got} band frequencies for {expected} bands; expected one centre frequency per band")]
    Bands {
        /// `M`.
        expected: usize,
        /// Length of `band_hz`.
        got: usize,
    },
    /// Band frequencies out of order.
    #[error("band frequency {index} is {hz} Hz; expected finite centre frequencies, each above the one before")]
    BandOrder {
        /// First band that breaks the order.
        index: usize,
        /// Its frequency, Hz.
        hz: f64,
    },
    /// A time scale that is none.
    #[error(
        "{seconds_per_frame} seconds per frame from {first_frame_s} s on; expected finite times and a step above zero"
    )]
    Time {
        /// Seconds from frame to frame.
        seconds_per_frame: f64,
        /// Time of frame 0, seconds.
        first_frame_s: f64,
    },
    /// No room for values.
    #[error("picture of {width} x {height} pixels; expected at least {min_width} x {min_height} for these options")]
    TooSmall {
        /// Pixels asked for.
        width: u32,
        /// Pixels asked for.
        height: u32,
        /// Pixels needed.
        min_width: u32,
        /// Pixels needed.
        min_height: u32,
    },
    /// More pixels than memory should hold.
    #[error("picture of {width} x {height} pixels; expected at most {MAX_PIXELS} in all; choose Size::Fit")]
    TooLarge {
        /// Pixels.
        width: u64,
        /// Pixels.
        height: u64,
    },
}

/// Draws `values`, `(M, T)` row-major: the `frames` values of band 0, then those of band 1, and so on. Any unit, dB as
/// a rule. NaN and infinities are drawn in [`NON_FINITE`].
///
/// # Errors
/// Options that do not suit the values, see [`PictureError`]. Values never fail.
pub fn render(values: &[f32], n_mels: usize, frames: usize, options: &PictureOptions) -> Result<Picture, PictureError> {
    let expected = n_mels as u128 * frames as u128;
    if values.len() as u128 != expected {
        return Err(PictureError::Shape { n_mels, frames, expected, got: values.len() });
    }
    if values.is_empty() {
        return Err(PictureError::Empty { n_mels, frames });
    }
    let (low, high) = options.range.resolve(values)?;
    let colors = options.color_map.table();
    let (mut canvas, plot) = match &options.axes {
        Some(axes) => {
            let layout = axes::Layout::new(axes, n_mels, frames, (low, high), options.size)?;
            let mut canvas = Canvas::new(layout.width, layout.height)?;
            layout.draw(&mut canvas, &colors);
            (canvas, layout.plot)
        }
        None => {
            let (w, h) = match options.size {
                Size::Exact => (frames as u64, n_mels as u64),
                Size::Fit { width, height } if width == 0 || height == 0 => {
                    return Err(PictureError::TooSmall { width, height, min_width: 1, min_height: 1 });
                }
                Size::Fit { width, height } => (width.into(), height.into()),
            };
            let canvas = Canvas::new(w, h)?;
            (canvas, canvas::Rect { x: 0, y: 0, w: w as usize, h: h as usize })
        }
    };
    let pixels = scale::resample(values, n_mels, frames, plot.w, plot.h);
    for (row, line) in pixels.chunks_exact(plot.w).enumerate() {
        // Row 0 of the pixels is the lowest band: the bottom line of the plot.
        let out = canvas.row_mut(plot.x, plot.y + plot.h - 1 - row, plot.w);
        for (out, &v) in out.chunks_exact_mut(3).zip(line) {
            out.copy_from_slice(&color::pick(&colors, v, low, high));
        }
    }
    Ok(canvas.into_picture())
}

#[cfg(test)]
mod tests;
