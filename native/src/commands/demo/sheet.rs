//! Two pictures of everything: all spectrograms in a grid, and all leak-64 rows in one strip.

use anyhow::{Result, anyhow};
use earprint_store::picture::{ColorMap, Picture, PictureOptions, Range, Size, encode_png, render};

use super::measure::Analysis;
use crate::commands::spec::Look;

const COLUMNS: usize = 4;
const CELL: (usize, usize) = (480, 250);
/// Least and most pixels of the strip, across; its rows are stretched or put together to fit.
const STRIP: (u32, u32) = (1200, 4800);
/// Pixels of one band in the strip.
const BAND: u32 = 8;

/// PNG bytes: a grid of spectrograms with axes, each from its own largest value 80 dB down.
pub fn overview(analysis: &Analysis) -> Result<Vec<u8>> {
    let look = Look {
        color_map: ColorMap::Magma,
        range: Range::Auto,
        axes: true,
        size: Size::Fit { width: CELL.0 as u32, height: CELL.1 as u32 },
        most_pixels: u64::MAX,
    };
    let spec = &analysis.librosa.job.spec;
    let lines = analysis.files.len().div_ceil(COLUMNS).max(1);
    let (width, height) = (CELL.0 * COLUMNS, CELL.1 * lines);
    let mut rgb = vec![255; width * height * 3];
    for (i, file) in analysis.files.iter().enumerate() {
        let title = file.entry.path.trim_end_matches(".wav");
        let cell = look.paint(&file.values, spec.n_mels, file.frames, title, spec).map_err(|f| anyhow!(f.reason))?;
        let (x, y) = (i % COLUMNS * CELL.0, i / COLUMNS * CELL.1);
        for (row, line) in cell.rgb.chunks_exact(CELL.0 * 3).enumerate() {
            let at = ((y + row) * width + x) * 3;
            rgb[at..at + line.len()].copy_from_slice(line);
        }
    }
    Ok(encode_png(&Picture { width: width as u32, height: height as u32, rgb }))
}

/// PNG bytes: every row of the leak-64 features a column, low bands at the bottom, one scale for all.
pub fn rows(analysis: &Analysis) -> Result<Vec<u8>> {
    let bands = analysis.leak.job.spec.n_mels;
    let rows = analysis.leak_rows.len() / bands;
    let turned: Vec<f32> = (0..bands).flat_map(|m| (0..rows).map(move |r| analysis.leak_rows[r * bands + m])).collect();
    let size = Size::Fit { width: (rows as u32).clamp(STRIP.0, STRIP.1), height: bands as u32 * BAND };
    let options = PictureOptions { color_map: ColorMap::Viridis, range: Range::Auto, axes: None, size };
    Ok(encode_png(&render(&turned, bands, rows, &options)?))
}
