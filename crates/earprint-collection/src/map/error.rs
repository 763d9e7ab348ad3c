//! What cannot be mapped.

use crate::kmeans::KMeansError;

/// Input that is no collection of rows.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MapError {
    /// No matrix.
    #[error("{values} values in rows of {d}; expected whole rows of at least one column, fewer than 2^31 of them")]
    Shape {
        /// Values that came.
        values: usize,
        /// Columns that came.
        d: usize,
    },
    /// An infinite value.
    #[error("row {row}, column {column} is infinite; expected a finite number, or NaN for one that is unknown")]
    Infinite {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// Weights that are none.
    #[error("column weights: {came}; expected {d} finite numbers of 0 or more, not all of them 0")]
    Weights {
        /// What came.
        came: String,
        /// Columns.
        d: usize,
    },
    /// A job without neighbours.
    #[error("{neighbours} neighbours a row; expected 1 to {most}")]
    Neighbours {
        /// What came.
        neighbours: usize,
        /// The most.
        most: usize,
    },
    /// Rows that cannot be scaled.
    #[error(transparent)]
    Rows(#[from] KMeansError),
}

impl MapError {
    /// Stable code, for records and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "E_SHAPE",
            Self::Infinite { .. } => "E_NON_FINITE",
            Self::Weights { .. } => "E_WEIGHTS",
            Self::Neighbours { .. } => "E_NEIGHBOURS",
            Self::Rows(e) => e.code(),
        }
    }
}
