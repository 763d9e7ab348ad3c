//! Where rows come from: memory, or a place outside it that is read again in every pass.

use super::KMeansError;
use super::rows::CHUNK;

/// Rows outside memory, the same ones whenever they are asked for.
pub trait Source: Send + Sync {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// Numbers of a row.
    fn columns(&self) -> usize;

    /// Whole rows from row `first` on, row-major, into all of `out`; NaN where a number is unknown. From any thread.
    ///
    /// # Errors
    /// Why they cannot be read (any more).
    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String>;
}

/// Rows in memory as a source.
#[derive(Debug, Clone)]
pub struct Table {
    values: Vec<f32>,
    d: usize,
}

impl Table {
    /// `values`, `(n, d)` row-major.
    ///
    /// # Errors
    /// `Shape` where the rows are not whole, or none.
    pub fn new(values: Vec<f32>, d: usize) -> Result<Self, KMeansError> {
        if d == 0 || values.is_empty() || !values.len().is_multiple_of(d) {
            return Err(KMeansError::Shape { values: values.len(), d, weights: None });
        }
        Ok(Self { values, d })
    }
}

impl Source for Table {
    fn rows(&self) -> usize {
        self.values.len() / self.d
    }

    fn columns(&self) -> usize {
        self.d
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
        out.copy_from_slice(&self.values[first * self.d..][..out.len()]);
        Ok(())
    }
}

/// What rows are made of, in one word, as `widest!` wants a bound.
pub(super) trait Number: Copy + Into<f64> {}

impl<T: Copy + Into<f64>> Number for T {}

/// Takes rows, with the number of the first.
type Looker<'a, T> = &'a mut dyn FnMut(usize, &[T]) -> Result<(), KMeansError>;

/// What rows are taken from.
pub(super) trait Input<T> {
    fn columns(&self) -> usize;

    /// All rows in order, some at a time.
    fn each(&self, look: Looker<T>) -> Result<(), KMeansError>;
}

/// Rows in memory.
pub(super) struct Matrix<'a, T> {
    pub values: &'a [T],
    pub d: usize,
}

impl<T> Input<T> for Matrix<'_, T> {
    fn columns(&self) -> usize {
        self.d
    }

    fn each(&self, look: Looker<T>) -> Result<(), KMeansError> {
        let mut chunks = self.values.chunks(CHUNK * self.d).enumerate();
        chunks.try_for_each(|(chunk, values)| look(chunk * CHUNK, values))
    }
}

/// Rows outside it.
pub(super) struct Stream<'a>(pub &'a dyn Source);

impl Input<f32> for Stream<'_> {
    fn columns(&self) -> usize {
        self.0.columns()
    }

    fn each(&self, look: Looker<f32>) -> Result<(), KMeansError> {
        let mut values = vec![0.0; CHUNK.min(self.0.rows()) * self.0.columns()];
        for first in (0..self.0.rows()).step_by(CHUNK) {
            values.truncate((self.0.rows() - first).min(CHUNK) * self.0.columns());
            self.0.read(first, &mut values).map_err(|why| KMeansError::Source { why })?;
            look(first, &values)?;
        }
        Ok(())
    }
}
