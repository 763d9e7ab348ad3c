//! Two pictures of everything, each a grid with a cell per sound: the spectrograms, and the rows of leak-64.

use anyhow::{Result, anyhow};
use earprint_store::picture::{Axes, ColorMap, Picture, PictureOptions, Range, Size, encode_png, render};

use super::measure::Analysis;
use super::report::row_seconds;
use crate::commands::spec::{Look, band_hz};

const COLUMNS: usize = 4;

/// PNG bytes: spectrograms with axes, each from its own largest value 80 dB down.
pub fn overview(analysis: &Analysis) -> Result<Vec<u8>> {
    let cell = (480, 250);
    let look =
        Look { color_map: ColorMap::Magma, range: Range::Auto, axes: true, size: fit(cell), most_pixels: u64::MAX };
    let spec = &analysis.librosa.job.spec;
    let cells = analysis.files.iter().map(|file| {
        let title = file.entry.path.trim_end_matches(".wav");
        look.paint(&file.values, spec.n_mels, file.frames, title, spec).map_err(|f| anyhow!(f.reason))
    });
    grid(cells.collect::<Result<_>>()?, cell)
}

/// PNG bytes: the rows of each file as columns, one scale of 80 dB for all.
pub fn rows(analysis: &Analysis) -> Result<Vec<u8>> {
    let cell = (480, 180);
    let spec = &analysis.leak.job.spec;
    let Some(windows) = &analysis.leak.job.windows else { return Err(anyhow!("leak-64 has windows")) };
    let bands = spec.n_mels;
    let high = analysis.leak_rows.iter().copied().fold(f32::MIN, f32::max);
    // Rows of overlapping long windows go to and fro by less than a window; their mean step is even.
    let seconds_per_frame = row_seconds(&analysis.leak);
    let cells = analysis.leak.files.iter().filter(|e| e.rows > 0).map(|e| {
        let (first, count) = (e.first_row as usize, e.rows as usize);
        let row = |r: usize, m: usize| analysis.leak_rows[(first + r) * bands + m];
        let turned: Vec<f32> = (0..bands).flat_map(|m| (0..count).map(move |r| row(r, m))).collect();
        let axes = Axes {
            title: e.path.trim_end_matches(".wav").to_owned(),
            seconds_per_frame,
            first_frame_s: windows.short_length as f64 / 2.0 / f64::from(spec.sample_rate),
            band_hz: band_hz(spec).iter().map(|edges| edges[1]).collect(),
            unit: spec.log.unit().to_owned(),
            text_scale: None,
        };
        let options = PictureOptions {
            color_map: ColorMap::Viridis,
            range: Range::Fixed { low: high - 80.0, high },
            axes: Some(axes),
            size: fit(cell),
        };
        Ok(render(&turned, bands, count, &options)?)
    });
    grid(cells.collect::<Result<_>>()?, cell)
}

fn fit((width, height): (usize, usize)) -> Size {
    Size::Fit { width: width as u32, height: height as u32 }
}

/// Pictures of one size side by side, line by line.
fn grid(cells: Vec<Picture>, (w, h): (usize, usize)) -> Result<Vec<u8>> {
    let (width, height) = (w * COLUMNS, h * cells.len().div_ceil(COLUMNS).max(1));
    let mut rgb = vec![255; width * height * 3];
    for (i, cell) in cells.iter().enumerate() {
        let (x, y) = (i % COLUMNS * w, i / COLUMNS * h);
        for (row, line) in cell.rgb.chunks_exact(w * 3).enumerate() {
            let at = ((y + row) * width + x) * 3;
            rgb[at..at + line.len()].copy_from_slice(line);
        }
    }
    Ok(encode_png(&Picture { width: width as u32, height: height as u32, rgb }))
}
