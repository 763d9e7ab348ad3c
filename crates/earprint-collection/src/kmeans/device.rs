//! A device that finds nearest centres, and what it is given.

use std::future::Future;
use std::pin::Pin;

use super::assign::Centres;
use super::rows::Rows;

pub use super::rows::BLOCK;

/// The bit of a certain label; the others are the centre.
pub const CERTAIN: u32 = 1 << 31;

/// Rows as a device takes them.
#[derive(Debug, Clone, Copy)]
pub struct RowsView<'a> {
    /// Columns.
    pub d: usize,
    /// `(B, d, BLOCK)`: blocks of [`BLOCK`] rows side by side, zeros for what is unknown and past the last row.
    pub values: &'a [f32],
    /// `(B, BLOCK)`: not below the norms of the rows; infinite where a row must not be certain.
    pub norms: &'a [f32],
}

/// Centres as a device takes them.
#[derive(Debug, Clone, Copy)]
pub struct CentresView<'a> {
    /// `(k, d)`.
    pub values: &'a [f32],
    /// |c|^2 / 2, k.
    pub halves: &'a [f32],
    /// A label of a row of norm |x| is certain where the second smallest `|c|^2 / 2 - x . c` is more than `slope |x| + offset`
    /// above the smallest, however they were rounded.
    pub slope: f32,
    /// See `slope`.
    pub offset: f32,
}

/// Words on their way: in a browser nobody can wait for a device but by giving up the thread.
pub type Words<'a> = Pin<Box<dyn Future<Output = Result<Vec<u32>, String>> + 'a>>;

/// A device outside this crate.
pub trait Device {
    /// Its name in records.
    fn name(&self) -> &str;

    /// One word for each row, also for those past the last: the centre, and [`CERTAIN`] or not. The rows are the same in every call;
    /// they may stay on the device.
    ///
    /// # Errors
    /// Why it does not work (any more); the caller goes on without it.
    fn nearest<'a>(&'a mut self, rows: RowsView<'a>, centres: CentresView<'a>) -> Words<'a>;
}

/// A device for as long as it works.
pub(super) struct Helper<'a> {
    device: Option<&'a mut dyn Device>,
    /// What computed: `cpu`, the device's name, or `name+cpu` once it was given up.
    pub backend: String,
    /// Why it was given up.
    pub note: Option<String>,
}

impl<'a> Helper<'a> {
    pub fn new(device: Option<&'a mut dyn Device>) -> Self {
        let backend = device.as_ref().map_or("cpu", |device| device.name()).to_owned();
        Self { device, backend, note: None }
    }

    /// Words for all rows; `None` where the CPU has to look itself.
    pub async fn nearest(&mut self, rows: &Rows, centres: &Centres) -> Option<Vec<u32>> {
        match ask(&mut **self.device.as_mut()?, rows, centres).await {
            Ok(found) => Some(found),
            Err(why) => {
                self.note = Some(format!("{}: {why}; continuing on the cpu", self.backend));
                self.backend += "+cpu";
                self.device = None;
                None
            }
        }
    }
}

/// What `device` finds, if it works and its answer can be one.
async fn ask(device: &mut dyn Device, rows: &Rows, centres: &Centres) -> Result<Vec<u32>, String> {
    let values = rows.blocks().ok_or("it needs the rows in memory, and they are read again in every pass")?;
    let view = RowsView { d: rows.d, values, norms: &rows.norms };
    let found = device.nearest(view, centres.view()).await?;
    let k = centres.k as u32;
    if found.len() != rows.norms.len() || found.iter().take(rows.n).any(|word| word & !CERTAIN >= k) {
        return Err("its answer is no labels".to_owned());
    }
    Ok(found)
}
