//! What k-means refuses, and why.

/// What cannot be clustered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KMeansError {
    /// No matrix.
    #[error("{values} values in rows of {d}{}; expected at least one row, all of them whole, and a weight for each", weights.map_or(String::new(), |w| format!(" with {w} weights")))]
    Shape {
        /// Values that came.
        values: usize,
        /// Columns that came.
        d: usize,
        /// Weights that came.
        weights: Option<usize>,
    },
    /// An infinite value.
    #[error("row {row}, column {column} is infinite; expected a finite number, or NaN for one that is unknown")]
    Infinite {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// Numbers whose squares have no sum.
    #[error("column {column} holds numbers too large to be squared and added; divide it by a power of ten")]
    Range {
        /// The column.
        column: usize,
    },
    /// Weights that are no counts.
    #[error("the rows with numbers weigh {total} in all; expected 1 to 2^40")]
    Weights {
        /// Their sum.
        total: u64,
    },
    /// A number of clusters that cannot be.
    #[error("k is {k} for {n} rows; expected 1 to {most}")]
    Clusters {
        /// The number.
        k: usize,
        /// Rows that belong somewhere.
        n: usize,
        /// Most clusters of so many.
        most: usize,
    },
    /// Fewer different rows than clusters.
    #[error("k is {k}, but different rows are only {different}; give k up to that")]
    TooFew {
        /// Number of clusters.
        k: usize,
        /// Different rows.
        different: usize,
    },
    /// More rows than their pairs can be looked at.
    #[error("{n} rows; expected {most} at most where all pairs are looked at; take a part of them, or k-means")]
    TooMany {
        /// Rows.
        n: usize,
        /// Most.
        most: usize,
    },
    /// Rows that are read in every pass and could not be.
    #[error("{why}; expected the same rows in every pass")]
    Source {
        /// What happened.
        why: String,
    },
    /// First centres that do not fit.
    #[error("first centres: {came}; expected {k} rows of {d} finite numbers")]
    Init {
        /// What came.
        came: String,
        /// Clusters.
        k: usize,
        /// Columns.
        d: usize,
    },
}

impl KMeansError {
    /// Stable code, for records and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "E_SHAPE",
            Self::Infinite { .. } => "E_NON_FINITE",
            Self::Range { .. } => "E_SCALE",
            Self::Weights { .. } => "E_WEIGHTS",
            Self::Clusters { .. } => "E_CLUSTERS",
            Self::TooFew { .. } => "E_TOO_FEW",
            Self::Init { .. } => "E_INIT",
            Self::TooMany { .. } => "E_TOO_LARGE",
            Self::Source { .. } => "E_SOURCE",
        }
    }
}
