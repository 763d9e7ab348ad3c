//! Tables of words and rules: tab-separated text with a header; lines that begin with `#` and empty ones are comments.

use earprint_core::TRACK_DIMENSIONS;

/// A table that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The first row names other columns.
    #[error("the header is {actual:?}; expected {expected:?}, separated by tabs")]
    Header {
        /// Columns that came.
        actual: Vec<String>,
        /// Columns that a table of this kind has.
        expected: Vec<String>,
    },
    /// A row is too short or too long.
    #[error("line {line} has {actual} fields; expected {expected}, separated by tabs")]
    Fields {
        /// From 1.
        line: usize,
        /// Fields that came.
        actual: usize,
        /// Fields of a row.
        expected: usize,
    },
    /// A field that says nothing.
    #[error("line {line}: {column} is {actual:?}; expected {expected}")]
    Field {
        /// From 1.
        line: usize,
        /// Its column.
        column: &'static str,
        /// What came.
        actual: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The same thing said twice.
    #[error("line {line}: {what} stands in an earlier row already; keep one of the two")]
    Twice {
        /// From 1, of the second.
        line: usize,
        /// What is repeated.
        what: String,
    },
    /// No row at all.
    #[error("the table has no rows; expected at least one below the header")]
    Empty,
}

impl TableError {
    /// Stable code, for records and scripts.
    pub fn code(&self) -> &'static str {
        "E_TABLE"
    }
}

/// A row, with the number of its line for messages.
pub(super) struct Row<'a, const N: usize> {
    pub line: usize,
    pub fields: [&'a str; N],
}

/// The rows below the header.
pub(super) fn rows<'a, const N: usize>(text: &'a str, columns: [&str; N]) -> Result<Vec<Row<'a, N>>, TableError> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end_matches('\r')));
    let mut lines = lines.filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
    let header: Vec<&str> = lines.next().map_or(Vec::new(), |(_, line)| line.split('\t').collect());
    if header != columns {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        return Err(TableError::Header { actual: owned(&header), expected: owned(&columns) });
    }
    let row = |(line, text): (usize, &'a str)| {
        let fields: Vec<&str> = text.split('\t').map(str::trim).collect();
        let actual = fields.len();
        let fields = fields.try_into().map_err(|_| TableError::Fields { line, actual, expected: N })?;
        Ok(Row { line, fields })
    };
    let rows = lines.map(row).collect::<Result<Vec<_>, _>>()?;
    if rows.is_empty() { Err(TableError::Empty) } else { Ok(rows) }
}

impl<'a, const N: usize> Row<'a, N> {
    pub fn wrong(&self, column: &'static str, field: usize, expected: &'static str) -> TableError {
        TableError::Field { line: self.line, column, actual: self.fields[field].to_owned(), expected }
    }

    /// A field that must not be empty, nor hold what joins words in a name.
    pub fn word(&self, column: &'static str, field: usize) -> Result<&'a str, TableError> {
        let word = self.fields[field];
        if word.is_empty() || word.contains([',', '(', ')', ':']) {
            return Err(self.wrong(column, field, "a word without comma, colon and brackets"));
        }
        Ok(word)
    }

    /// Index of the dimension that a field names.
    pub fn dimension(&self, field: usize) -> Result<usize, TableError> {
        let found = TRACK_DIMENSIONS.iter().position(|d| d.name == self.fields[field]);
        found.ok_or_else(|| self.wrong("dimension", field, "a dimension of trk-1, for example tempo"))
    }

    /// A number between two others, the ends included.
    pub fn number(
        &self,
        column: &'static str,
        field: usize,
        (low, high): (f64, f64),
        expected: &'static str,
    ) -> Result<f64, TableError> {
        let number = self.fields[field].parse::<f64>().ok().filter(|n| (low..=high).contains(n));
        number.ok_or_else(|| self.wrong(column, field, expected))
    }
}
