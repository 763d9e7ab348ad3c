//! What stands around the values: title, time and frequency ticks, colour bar.
//!
//! In: shape, value range and wanted size. Out: a layout, fixed before a pixel is drawn: margins are as wide as the labels
//! they hold, so nothing overlaps or is cut.

use super::canvas::{Canvas, Rect, text_width};
use super::font::{ADVANCE, DESCENT, HEIGHT};
use super::ticks::{self, Tick};
use super::{PictureError, Size};

const INK: [u8; 3] = [34, 34, 34];
/// Length of a tick, dots.
const TICK: usize = 4;
/// Pixels of values below which a picture with axes shows nothing, each way.
const LEAST_PLOT: usize = 16;

/// Meaning of rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Axes {
    /// Above the values; printable ASCII, other characters become boxes; cut where the picture ends.
    pub title: String,
    /// Seconds from a frame to the next one.
    pub seconds_per_frame: f64,
    /// Time of the middle of frame 0, seconds.
    pub first_frame_s: f64,
    /// `(M)` centre frequencies of the bands, Hz, ascending.
    pub band_hz: Vec<f64>,
    /// Unit of the values, beside the colour bar: `dB`.
    pub unit: String,
    /// Pixels per dot of the 5 x 7 letters, 1 to 16; `None`: 2 for pictures from 800 x 300 pixels on, 3 from 2,400 x 900.
    pub text_scale: Option<u32>,
}

impl Axes {
    fn check(&self, n_mels: usize) -> Result<(), PictureError> {
        let &Self { seconds_per_frame, first_frame_s, ref band_hz, .. } = self;
        // Bounded: beyond, f64 no longer tells a frame from the next.
        let fits = seconds_per_frame > 0.0 && seconds_per_frame < 1e12 && first_frame_s.abs() < 1e12;
        if !fits {
            return Err(PictureError::Time { seconds_per_frame, first_frame_s });
        }
        if band_hz.len() != n_mels {
            return Err(PictureError::Bands { expected: n_mels, got: band_hz.len() });
        }
        let mut before = f64::NEG_INFINITY;
        for (index, &hz) in band_hz.iter().enumerate() {
            if !hz.is_finite() || hz <= before {
                return Err(PictureError::BandOrder { index, hz });
            }
            before = hz;
        }
        Ok(())
    }
}

/// Where everything stands, pixels from the top left corner.
#[derive(Debug)]
pub struct Layout {
    pub width: u64,
    pub height: u64,
    /// The values.
    pub plot: Rect,
    bar: Rect,
    /// Pixels per dot of the font; all distances are multiples of it.
    s: usize,
    title: String,
    unit: String,
    /// `at` no longer in seconds: in pixels from the left edge of the picture.
    time: Vec<Tick>,
    /// `at` in pixels above the bottom line of the plot.
    frequency: Vec<Tick>,
    /// `at` in pixels above the bottom line of the bar.
    level: Vec<Tick>,
}

impl Layout {
    /// The layout for `(n_mels, frames)` values whose colours run over `range`.
    pub fn new(axes: &Axes, n_mels: usize, frames: usize, range: (f32, f32), size: Size) -> Result<Self, PictureError> {
        axes.check(n_mels)?;
        let (w, h) = match size {
            Size::Exact => (frames, n_mels),
            Size::Fit { width, height } => (width as usize, height as usize),
        };
        let s = axes.text_scale.map_or_else(
            || 1 + usize::from(w >= 800 && h >= 300) + usize::from(w >= 2400 && h >= 900),
            |s| s.clamp(1, 16) as usize,
        );
        let line = HEIGHT * s;
        let pad = 6 * s;
        let top = pad + line + (DESCENT + 3) * s;
        let bottom = TICK * s + 3 * s + line + pad;
        // Heights first: they decide which frequencies are named, and those how wide the left margin is.
        let plot_h = match size {
            Size::Exact => n_mels,
            Size::Fit { height, .. } => (height as usize).saturating_sub(top + bottom),
        };
        let (least_plot, least_bar) = if size == Size::Exact { (1, 48 * s) } else { (LEAST_PLOT, LEAST_PLOT) };
        let bar_h = plot_h.max(least_bar);
        let frequency = ticks::frequency(&axes.band_hz, plot_h.max(least_plot), (line + 5 * s) as f64);
        let (low, high) = (f64::from(range.0), f64::from(range.1));
        let mut level = ticks::linear(low, high, (bar_h / (2 * line)).clamp(2, 6));
        for tick in &mut level {
            tick.at = (tick.at - low) / (high - low) * bar_h as f64;
        }
        let widest = |ticks: &[Tick]| ticks.iter().map(|t| text_width(&t.label, s)).max().unwrap_or(0);
        let label = 3 * s + TICK * s;
        let left = pad + widest(&frequency) + label;
        let unit = cut(&axes.unit, 24);
        let bar_w = 10 * s;
        let right = (bar_w + label + 2 * s + widest(&level)).max(text_width(&unit, s)) + pad;
        let gap = 10 * s;
        let (plot_w, gap) = match size {
            // A title wider than the values moves the bar away from them.
            Size::Exact => (frames, gap.max((text_width(&cut(&axes.title, 80), s) + gap).saturating_sub(frames))),
            Size::Fit { width, .. } => ((width as usize).saturating_sub(left + gap + right), gap),
        };
        if let (Size::Fit { width, height }, true) = (size, plot_w.min(plot_h) < LEAST_PLOT) {
            let (min_width, min_height) = (left + gap + right + LEAST_PLOT, top + bottom + LEAST_PLOT);
            return Err(PictureError::TooSmall {
                width,
                height,
                min_width: min_width as u32,
                min_height: min_height as u32,
            });
        }
        let plot = Rect { x: left, y: top, w: plot_w, h: plot_h };
        let bar = Rect { x: left + plot_w + gap, y: top, w: bar_w, h: bar_h };
        // Up to a letter before the unit.
        let title = cut(&axes.title, (plot_w + gap - 9 * s) / (ADVANCE * s));
        let below = (plot.y + plot.h + bottom).max(bar.y + bar.h + line / 2 + pad);
        let mut time = Vec::new();
        // As many labels as stand side by side more than a letter apart; longer ones than guessed: fewer of them.
        for room in (1..=ticks::MAX_TICKS).rev() {
            let (first, step) = (axes.first_frame_s, axes.seconds_per_frame);
            time = ticks::time(first, first + step * (frames - 1) as f64, step, room);
            let pixels_per_second = plot.w as f64 / frames as f64 / step;
            for tick in &mut time {
                tick.at = plot.x as f64 + plot.w as f64 / frames as f64 / 2.0 + (tick.at - first) * pixels_per_second;
            }
            let need = (widest(&time) + 8 * s) as f64;
            if time.windows(2).all(|w| w[1].at - w[0].at >= need) {
                break;
            }
        }
        Ok(Self {
            width: (bar.x + right) as u64,
            height: below as u64,
            plot,
            bar,
            s,
            title,
            unit,
            time,
            frequency,
            level,
        })
    }

    /// Everything but the values.
    pub fn draw(&self, canvas: &mut Canvas, colors: &[[u8; 3]; 256]) {
        let &Self { plot, bar, s, .. } = self;
        let line = HEIGHT * s;
        let text_y = plot.y - (DESCENT + 3) * s - line;
        canvas.text(plot.x, text_y, s, &self.title, INK);
        canvas.text(bar.x, text_y, s, &self.unit, INK);
        for tick in &self.time {
            let x = (tick.at as usize).min(plot.x + plot.w - 1);
            canvas.fill(Rect { x: x - (s - 1) / 2, y: plot.y + plot.h, w: s, h: TICK * s }, INK);
            let w = text_width(&tick.label, s);
            // Kept off both edges of the picture.
            let left =
                (x + s).saturating_sub(w / 2 + s / 2).min((self.width as usize).saturating_sub(w + 2 * s)).max(2 * s);
            canvas.text(left, plot.y + plot.h + (TICK + 3) * s, s, &tick.label, INK);
        }
        for tick in &self.frequency {
            let y = from_bottom(plot, tick.at);
            canvas.fill(Rect { x: plot.x - TICK * s, y: y - (s - 1) / 2, w: TICK * s, h: s }, INK);
            let x = plot.x - (TICK + 3) * s - text_width(&tick.label, s);
            canvas.text(x, y - line / 2, s, &tick.label, INK);
        }
        for row in 0..bar.h {
            let color = colors[255 - row * 255 / (bar.h - 1).max(1)];
            canvas.fill(Rect { y: bar.y + row, h: 1, ..bar }, color);
        }
        for tick in &self.level {
            let y = from_bottom(bar, tick.at);
            canvas.fill(Rect { x: bar.x + bar.w, y: y - (s - 1) / 2, w: TICK * s, h: s }, INK);
            canvas.text(bar.x + bar.w + (TICK + 5) * s, y - line / 2, s, &tick.label, INK);
        }
    }
}

/// The line `at` pixels above the bottom of `r`, inside it.
fn from_bottom(r: Rect, at: f64) -> usize {
    r.y + r.h - 1 - (at as usize).min(r.h - 1)
}

/// `text`, at most `letters` long, dots for the rest.
fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.into();
    }
    let dots = letters.min(2);
    text.chars().take(letters - dots).chain(std::iter::repeat_n('.', dots)).collect()
}
