//! Rows as the map takes them: every different row once, in an order of their values, centred and weighted.
//!
//! Enters: `(n, d)` rows, NaN where unknown, and weights of columns. Leaves: a [`Table`] of the different rows that know something.
//! Rows are sorted by whether they know all, then by their values, so nothing that follows depends on the order in which rows came: the same
//! sums are made in the same order. Copies of a row are one row here and have one place on the map.
//!
//! **Distance**, as in `crate::distance`: the weighted sum of squares over the columns known of both, over their share of all
//! weight. In f32, columns ascending, each operation rounded: a definition, and the same bits in `squares` at every width.
//! Columns are shifted to mean 0 and all numbers divided by one power of two, so that no square overflows.

use super::MapError;

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// A row is a neighbour of another only if they share this part of the weight of what the other knows: `crate::SHARED_AT_LEAST`.
pub(super) const SHARED: f32 = crate::SHARED_AT_LEAST as f32;

/// Different rows.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Rows.
    pub n: usize,
    /// Columns that weigh something.
    pub d: usize,
    /// Rows that know all columns; the others follow.
    pub complete: usize,
    /// `(n, d)` row-major: value less its column's mean, times the root of its weight; 0 where unknown.
    pub x: Vec<f32>,
    /// `(n - complete, d)`: 1 where known, 0 where not.
    pub known: Vec<f32>,
    /// Share of each column; their sum is `whole`.
    pub weights: Vec<f32>,
    /// Weight of all columns, about 1: the sum of the shares as rounded.
    pub whole: f32,
    /// Rows of the input that are this one.
    pub copies: Vec<u32>,
}

/// Checks input and makes the table, with the row of the table for each row of the input ([`NONE`]: it knows nothing).
///
/// # Errors
/// `Shape`, `Infinite`, `Weights`.
pub(super) fn table(values: &[f32], d: usize, weights: Option<&[f32]>) -> Result<(Table, Vec<u32>), MapError> {
    // Twice the rows must be an index too.
    if d == 0 || !values.len().is_multiple_of(d) || values.len() / d >= 1 << 31 {
        return Err(MapError::Shape { values: values.len(), d });
    }
    if let Some(at) = values.iter().position(|v| v.is_infinite()) {
        return Err(MapError::Infinite { row: at / d, column: at % d });
    }
    let shares = shares(d, weights)?;
    let columns: Vec<usize> = (0..d).filter(|&j| shares[j] > 0.0).collect();
    let (rows, d) = (values.len() / d, columns.len());
    // Adding 0 makes -0 a 0; every NaN is the same one, and the largest of all.
    let wide = values.len() / rows.max(1);
    let taken = |row: usize, j: usize| values[row * wide + columns[j]];
    let value = |row: usize, j: usize| if taken(row, j).is_nan() { f32::NAN } else { taken(row, j) + 0.0 };
    let gaps = |row: usize| (0..d).any(|j| value(row, j).is_nan());
    let mut order: Vec<(bool, u32)> =
        (0..rows).filter(|&r| (0..d).any(|j| !value(r, j).is_nan())).map(|r| (gaps(r), r as u32)).collect();
    let by_values = |a: u32, b: u32| {
        let pairs = (0..d).map(|j| value(a as usize, j).total_cmp(&value(b as usize, j)));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| by_values(a.1, b.1)).then(a.1.cmp(&b.1)));
    let (mut place, mut first, mut copies) = (vec![NONE; rows], Vec::<u32>::new(), Vec::<u32>::new());
    for &(_, row) in &order {
        if first.last().is_none_or(|&last| by_values(last, row).is_ne()) {
            first.push(row);
            copies.push(0);
        }
        *copies.last_mut().expect("one was pushed") += 1;
        place[row as usize] = first.len() as u32 - 1;
    }
    let means: Vec<f64> = (0..d)
        .map(|j| {
            let known = first.iter().zip(&copies).map(|(&r, &c)| (f64::from(value(r as usize, j)), f64::from(c)));
            let (sum, count) = known.filter(|(v, _)| !v.is_nan()).fold((0.0, 0.0), |(s, n), (v, c)| (s + c * v, n + c));
            if count > 0.0 { sum / count } else { 0.0 }
        })
        .collect();
    let centred = |row: u32, j: usize| {
        let v = (f64::from(value(row as usize, j)) - means[j]) * shares[columns[j]].sqrt();
        if v.is_nan() { 0.0 } else { v }
    };
    let cells = || first.iter().flat_map(|&row| (0..d).map(move |j| (row, j)));
    let largest = cells().fold(0.0f64, |m, (row, j)| m.max(centred(row, j).abs()));
    let unit = power_above(largest);
    let x = cells().map(|(row, j)| (centred(row, j) / unit) as f32).collect();
    let complete = first.iter().position(|&r| gaps(r as usize)).unwrap_or(first.len());
    let known = first[complete..].iter().flat_map(|&row| {
        let value = &value;
        (0..d).map(move |j| if value(row as usize, j).is_nan() { 0.0 } else { 1.0 })
    });
    let known = known.collect();
    let weights: Vec<f32> = columns.iter().map(|&j| shares[j] as f32).collect();
    let whole = weights.iter().fold(0.0, |s, w| s + w);
    Ok((Table { n: first.len(), d, complete, x, known, weights, whole, copies }, place))
}

/// Weights over their sum.
fn shares(d: usize, weights: Option<&[f32]>) -> Result<Vec<f64>, MapError> {
    let Some(weights) = weights else { return Ok(vec![f64::from((1.0 / d as f64) as f32); d]) };
    let wrong = |came: String| Err(MapError::Weights { came, d });
    if weights.len() != d {
        return wrong(format!("{} numbers", weights.len()));
    }
    if let Some(at) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
        return wrong(format!("{} for column {at}", weights[at]));
    }
    let sum = weights.iter().fold(0.0f64, |s, &w| s + f64::from(w));
    if sum == 0.0 {
        return wrong("all of them 0".into());
    }
    // What is no f32 any more weighs nothing.
    Ok(weights.iter().map(|&w| f64::from((f64::from(w) / sum) as f32)).collect())
}

/// The lowest power of two not below `largest`, 1 for 0.
fn power_above(largest: f64) -> f64 {
    let mut unit = 1.0f64;
    while unit < largest {
        unit *= 2.0;
    }
    while largest > 0.0 && unit * 0.5 >= largest {
        unit *= 0.5;
    }
    unit
}

impl Table {
    /// Numbers of a row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.x[row * self.d..][..self.d]
    }

    /// True where a number is known.
    pub fn knows(&self, row: usize, j: usize) -> bool {
        row < self.complete || self.known[(row - self.complete) * self.d + j] > 0.0
    }

    /// Weight of what a row knows, columns ascending.
    pub fn own(&self, row: usize) -> f32 {
        (0..self.d).filter(|&j| self.knows(row, j)).fold(0.0, |s, j| s + self.weights[j])
    }

    /// The definition: squared distance of `of` to row `a`; infinite if it shares too little with `a` to be its neighbour.
    pub fn square(&self, a: usize, of: usize) -> f32 {
        let (x, y) = (self.row(a), self.row(of));
        if a.max(of) < self.complete {
            return x.iter().zip(y).fold(0.0, |s, (x, y)| s + (x - y) * (x - y));
        }
        let (mut squares, mut shared) = (0.0f32, 0.0f32);
        for j in (0..self.d).filter(|&j| self.knows(a, j) && self.knows(of, j)) {
            squares += (x[j] - y[j]) * (x[j] - y[j]);
            shared += self.weights[j];
        }
        rescaled(squares, shared, self.own(a), self.whole)
    }

    /// The rows of `keep`, ascending.
    pub fn only(&self, keep: &[u32]) -> Self {
        let complete = keep.partition_point(|&r| (r as usize) < self.complete);
        Self {
            n: keep.len(),
            d: self.d,
            complete,
            x: keep.iter().flat_map(|&r| self.row(r as usize)).copied().collect(),
            known: keep[complete..]
                .iter()
                .flat_map(|&r| &self.known[(r as usize - self.complete) * self.d..][..self.d])
                .copied()
                .collect(),
            weights: self.weights.clone(),
            whole: self.whole,
            copies: keep.iter().map(|&r| self.copies[r as usize]).collect(),
        }
    }
}

/// A sum of squares over `shared` of all weight, to a row that knows `own`.
#[inline(always)]
pub(super) fn rescaled(squares: f32, shared: f32, own: f32, whole: f32) -> f32 {
    if shared > 0.0 && shared >= SHARED * own { squares * (whole / shared) } else { f32::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: f32 = f32::NAN;

    #[test]
    fn rows_are_sorted_and_copies_are_one() {
        let values = [3.0, 0.0, 1.0, -0.0, N, N, 1.0, 0.0, N, 5.0];
        let (t, place) = table(&values, 2, None).unwrap();
        assert_eq!((t.n, t.complete, place), (3, 2, vec![1, 0, NONE, 0, 2]));
        assert_eq!(t.copies, [2, 1, 1]);
        // Means 5/3 and 5/4; the largest is 3.75 / sqrt 2, so all are over 4.
        let want = |v: f64| (v * 0.5f64.sqrt() / 4.0) as f32;
        let want = [1.0 - 5.0 / 3.0, -1.25, 3.0 - 5.0 / 3.0, -1.25, 0.0, 3.75].map(want);
        assert!(t.x.iter().zip(want).all(|(x, w)| (x - w).abs() < 1e-7), "{:?}", t.x);
        assert_eq!(t.known, [0.0, 1.0]);
    }

    #[test]
    fn distance_by_hand() {
        // Shares 1/4, 1/4, 1/2. From (0, 0, 0) to (NaN, 2, 0): 1/4 * 4 over the shared 3/4.
        let values = [0.0, 0.0, 0.0, N, 2.0, 0.0, 4.0, 0.0, 0.0, N, N, 0.0, N, 1.0, N];
        let (t, p) = table(&values, 3, Some(&[1.0, 1.0, 2.0])).unwrap();
        let p: Vec<usize> = p.iter().map(|&p| p as usize).collect();
        let one = t.square(p[0], p[2]); // 1/4 * 16
        assert!((t.square(p[0], p[1]) / one - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(t.square(p[1], p[0]), t.square(p[0], p[1]));
        // Half of the weight is enough, a quarter is not; and what counts is what the asking row knows.
        assert_eq!(t.square(p[0], p[3]), 0.0);
        assert_eq!(t.square(p[0], p[4]), f32::INFINITY);
        assert!(t.square(p[4], p[0]).is_finite());
        assert_eq!(t.square(p[3], p[4]), f32::INFINITY); // nothing shared
    }

    #[test]
    fn columns_without_weight_do_not_count() {
        let (t, place) = table(&[1.0, 7.0, 1.0, 8.0, N, 9.0], 2, Some(&[2.0, 0.0])).unwrap();
        assert_eq!((t.n, t.d, place), (1, 1, vec![0, 0, NONE]));
    }

    #[test]
    fn what_is_no_collection_is_refused() {
        let code = |v: &[f32], d, w: Option<&[f32]>| table(v, d, w).unwrap_err().code();
        assert_eq!(code(&[1.0; 3], 2, None), "E_SHAPE");
        assert_eq!(code(&[], 0, None), "E_SHAPE");
        assert_eq!(code(&[0.0, f32::NEG_INFINITY], 1, None), "E_NON_FINITE");
        for w in [&[1.0][..], &[0.0, 0.0], &[1.0, -1.0], &[1.0, N], &[f32::INFINITY, 1.0]] {
            assert_eq!(code(&[1.0; 4], 2, Some(w)), "E_WEIGHTS", "{w:?}");
        }
    }

    #[test]
    fn any_size_of_numbers() {
        for scale in [1e-38f32, 1.0, 1e38] {
            let (t, _) = table(&[0.0, scale, 3.0 * scale], 1, None).unwrap();
            let ratio = t.square(0, 2) / t.square(0, 1);
            assert!((ratio - 9.0).abs() < 1e-4, "{scale} {ratio}");
        }
    }
}
