use super::philox::uniform;
use super::*;

/// Three hills in `d` columns, `n` rows; row `i` belongs to hill `i % 3`.
fn hills(n: usize, d: usize, apart: f32) -> Vec<f32> {
    let noise = |i: usize| (uniform(9, 0, i as u64) + uniform(9, 1, i as u64) - 1.0) as f32;
    (0..n * d)
        .map(|i| noise(i) + apart * ((i / d % 3) as f32 - 1.0) * if (i % d).is_multiple_of(2) { 1.0 } else { -0.5 })
        .collect()
}

fn run(rows: &Rows, job: &KMeans) -> Clusters {
    kmeans(rows, job, &Alone, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Lloyd's iteration as a book has it, in f64, from the same first centres.
fn by_the_book(rows: &Rows, mut centres: Vec<f32>, k: usize) -> (Vec<u32>, f64) {
    loop {
        let labels: Vec<u32> = (0..rows.n).map(|r| rows.nearest(r, &centres)).collect();
        let mut next = centres.clone();
        for c in 0..k {
            for j in 0..rows.d {
                let members = (0..rows.n).filter(|&r| labels[r] == c as u32);
                let known = members.filter(|r| !rows.missing.get(r).is_some_and(|m| m.contains(&j)));
                let (sum, n) = known.fold((0.0, 0.0), |(s, n), r| {
                    let w = f64::from(rows.weights[r]);
                    (s + w * f64::from(rows.value(r, j)), n + w)
                });
                next[c * rows.d + j] = (sum / n) as f32;
            }
        }
        if next == centres {
            let inertia = |r: usize| {
                f64::from(rows.weights[r]) * rows.distance(r, &centres[labels[r] as usize * rows.d..][..rows.d])
            };
            let sum: f64 = (0..rows.n).map(inertia).sum();
            return (labels, sum * rows.square_unit());
        }
        centres = next;
    }
}

#[test]
fn six_numbers_on_paper() {
    // From 0 and 1: {0} {1 2 9 10 11} -> 0, 6.6 -> {0 1 2} {9 10 11}.
    let rows = Rows::new(&[9.0, 0.0, 1.0, 10.0, 2.0, 11.0], 1, None, Scaling::None).unwrap();
    let job = KMeans { init: Some(vec![0.0, 1.0]), ..KMeans::new(2) };
    let found = run(&rows, &job);
    // Equal sizes: the cluster of the first row is first.
    assert_eq!(found.labels, [0, 1, 1, 0, 1, 0].map(Some));
    assert_eq!((found.centres, found.sizes, found.inertia), (vec![10.0, 1.0], vec![3, 3], 4.0));
    assert_eq!((found.ended, found.iterations), (Ended::Settled, 2));
}

#[test]
fn equals_the_book_with_missing_numbers_and_weights() {
    for (n, d, k, apart) in [(300, 4, 3, 2.0), (500, 25, 8, 0.0), (97, 2, 5, 0.5)] {
        let mut values = hills(n, d, apart);
        (0..n * d).filter(|i| i % 41 == 5).for_each(|i| values[i] = f32::NAN);
        let weights: Vec<u32> = (0..n).map(|i| 1 + (i % 3) as u32).collect();
        for scaling in [Scaling::None, Scaling::ZScore, Scaling::Robust] {
            let rows = Rows::new(&values, d, Some(&weights), scaling).unwrap();
            let job = KMeans { seed: 3, ..KMeans::new(k) };
            let first = start::plus_plus(&rows, k, 3, &Alone, job.width).unwrap();
            let found = run(&rows, &job);
            let (labels, inertia) = by_the_book(&rows, first, k);
            let same = |a: usize, b: usize| (labels[a] == labels[b]) == (found.labels[a] == found.labels[b]);
            assert!((0..n).all(|a| (0..a).all(|b| same(a, b))), "n {n}, {scaling:?}");
            assert!((found.inertia / inertia - 1.0).abs() < 1e-9, "{} {inertia}", found.inertia);
        }
    }
}

#[test]
fn widths_and_order_of_rows_change_nothing() {
    let (n, d, k) = (3000, 7, 12);
    let values = hills(n, d, 0.7);
    let rows = Rows::new(&values, d, None, Scaling::ZScore).unwrap();
    let want = run(&rows, &KMeans::new(k));
    for width in Width::available() {
        let got = run(&rows, &KMeans { width, ..KMeans::new(k) });
        // How many labels were checked again depends on the rounding, nothing else does.
        assert_eq!(Clusters { rechecked: 0, ..got }, Clusters { rechecked: 0, ..want.clone() }, "{}", width.name());
    }
    // Reversed rows from the same centres: the same sets of rows.
    let reversed: Vec<f32> = values.chunks_exact(d).rev().flatten().copied().collect();
    let init = Some(want.centres.clone());
    let a = run(&rows, &KMeans { init: init.clone(), ..KMeans::new(k) });
    let b = run(&Rows::new(&reversed, d, None, Scaling::ZScore).unwrap(), &KMeans { init, ..KMeans::new(k) });
    let back: Vec<_> = b.labels.iter().rev().copied().collect();
    assert_eq!(a.labels, back);
    assert_eq!(a.scaled, b.scaled);
}

/// Large enough for the kernels in integers, where this machine has them: noise, ties everywhere, and rows that miss a number.
#[test]
fn integers_change_nothing() {
    let (n, d, k) = (5000, 32, 130);
    let noise = hills(n, d, 0.3);
    let ties: Vec<f32> = noise.iter().map(|v| v.round()).collect();
    let mut missing = noise.clone();
    missing.iter_mut().step_by(90 * d + 7).for_each(|v| *v = f32::NAN);
    let weights: Vec<u32> = (0..n as u32).map(|row| row % 4).collect();
    for (what, values) in [("noise", noise), ("ties", ties), ("missing", missing)] {
        for weights in [None, Some(&weights[..])] {
            let rows = Rows::new(&values, d, weights, Scaling::ZScore).unwrap();
            let of = |width| Clusters { rechecked: 0, ..run(&rows, &KMeans { width, max_iter: 6, ..KMeans::new(k) }) };
            let want = of(Width::Scalar);
            assert_eq!(of(Width::best()), want, "{what}");
        }
    }
}

/// Rows that read the same from behind, and centres with their reversals: as near as each other but for the last bits of f64. Only the
/// definition can tell them apart, whatever looked first.
#[test]
fn what_no_kernel_can_tell_is_the_definitions() {
    let (n, d, k) = (600, 64, 64);
    let noise = |stream, i: usize| uniform(10, stream, i as u64) as f32 - 0.5;
    // Every third row is any, each second of these the reversal of the one before: the means stay the same from behind, and so do centred rows.
    let place = |row: usize, j: usize| match row % 6 {
        0 => row * d + j,
        3 => (row - 3) * d + d - 1 - j,
        _ => row * d + j.min(d - 1 - j),
    };
    let values: Vec<f32> = (0..n * d).map(|i| noise(0, place(i / d, i % d))).collect();
    let rows = Rows::new(&values, d, None, Scaling::None).unwrap();
    let centre = |c: usize, j: usize| noise(1, c / 2 * d + if c.is_multiple_of(2) { j } else { d - 1 - j });
    let centres: Vec<f32> = (0..k * d).map(|i| centre(i / d, i % d)).collect();
    let want: Vec<_> = (0..n).map(|row| Some(rows.nearest(row, &centres))).collect();
    for width in Width::available() {
        assert_eq!(rows.nearest_of_all(&centres, width), want, "{}", width.name());
    }
}

#[test]
fn weights_are_repeated_rows() {
    let (n, d, k) = (200, 3, 4);
    let values = hills(n, d, 1.0);
    let weights: Vec<u32> = (0..n).map(|i| (i % 4) as u32).collect();
    let many: Vec<f32> = (0..n).flat_map(|r| values[r * d..][..d].repeat(weights[r] as usize)).collect();
    let init = Some(values[..k * d].iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
    let job = KMeans { init, ..KMeans::new(k) };
    for scaling in [Scaling::None, Scaling::ZScore, Scaling::Robust] {
        let a = run(&Rows::new(&values, d, Some(&weights), scaling).unwrap(), &job);
        let b = run(&Rows::new(&many, d, None, scaling).unwrap(), &job);
        let rows = a.labels.iter().zip(&weights);
        let a_many: Vec<_> = rows.flat_map(|(l, &w)| std::iter::repeat_n(*l, w as usize)).collect();
        // A row of weight 0 still has no label: it counts for nothing.
        assert!(a.labels.iter().zip(&weights).all(|(l, &w)| l.is_some() == (w > 0)));
        assert_eq!((a_many, a.sizes.clone()), (b.labels, b.sizes), "{scaling:?}");
        assert_eq!(a.centres, b.centres, "{scaling:?}");
    }
}

/// Rows that fail once they were read `left` times.
struct Failing(Table, std::sync::atomic::AtomicUsize);

impl Source for Failing {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn columns(&self) -> usize {
        self.0.columns()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
        use std::sync::atomic::Ordering::Relaxed;
        match self.1.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => self.0.read(first, out),
            Err(_) => Err("the disk is gone".into()),
        }
    }
}

#[test]
fn rows_that_are_read_are_as_good_as_rows_that_are_held() {
    let (n, d) = (9000, 5);
    let mut values = hills(n, d, 0.4);
    (0..n * d).filter(|i| i % 997 == 5).for_each(|i| values[i] = f32::NAN);
    values[..d].fill(f32::NAN);
    let weights: Vec<u32> = (0..n).map(|i| (i % 3) as u32).collect();
    let source = |reads: usize| Box::new(Failing(Table::new(values.clone(), d).unwrap(), reads.into()));
    for scaling in [Scaling::None, Scaling::ZScore, Scaling::Robust] {
        let held = Rows::new(&values, d, Some(&weights), scaling).unwrap();
        let read = Rows::streamed(source(usize::MAX), Some(&weights), scaling).unwrap();
        for job in [KMeans::new(9), KMeans { tol: 1e-3, ..KMeans::new(3) }] {
            let (a, b) = (run(&held, &job), run(&read, &job));
            assert_eq!(a, b, "{scaling:?}");
            assert_eq!(validity(&held, &a.labels, job.k, &Alone), validity(&read, &b.labels, job.k, &Alone));
        }
        let how = Choose { k_max: 4, most_rows: 500, ..Choose::new() };
        assert_eq!(choose(&held, &how, &Alone), choose(&read, &how, &Alone));
    }
    // A source that ends early: an error, whenever it is.
    let whole = run(&Rows::streamed(source(usize::MAX), None, Scaling::ZScore).unwrap(), &KMeans::new(4));
    let mut failed = 0;
    for reads in 0usize.. {
        let rows = Rows::streamed(source(reads), None, Scaling::ZScore);
        let found = rows.and_then(|rows| kmeans(&rows, &KMeans::new(4), &Alone, &mut |_| ControlFlow::Continue(())));
        match found {
            Err(e) => {
                assert_eq!(e, KMeansError::Source { why: "the disk is gone".into() });
                failed += 1;
            }
            Ok(found) => {
                assert_eq!(found, whole);
                break;
            }
        }
    }
    assert!(failed > 20, "{failed}");
}

#[test]
fn empty_clusters_are_filled() {
    // The second centre is nobody's nearest.
    let rows = Rows::new(&[0.0, 1.0, 2.0, 100.0], 1, None, Scaling::None).unwrap();
    let job = KMeans { init: Some(vec![1.0, 1e6]), ..KMeans::new(2) };
    let found = run(&rows, &job);
    assert_eq!(found.labels, [0, 0, 0, 1].map(Some));
    assert_eq!(found.sizes, [3, 1]);
    // Two of them, and the farthest rows are copies of each other.
    let rows = Rows::new(&[0.0, 1.0, 2.0, 100.0, 100.0, 50.0], 1, None, Scaling::None).unwrap();
    let job = KMeans { init: Some(vec![1.0, 1e6, 1e6]), max_iter: 1, ..KMeans::new(3) };
    assert_eq!(run(&rows, &job).labels, [0, 0, 0, 1, 1, 2].map(Some));
}

#[test]
fn what_cannot_be_clustered() {
    let rows = Rows::new(&[1.0, 1.0, 2.0, f32::NAN], 1, None, Scaling::ZScore).unwrap();
    let fails = |job: &KMeans| kmeans(&rows, job, &Alone, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(fails(&KMeans::new(0)).code(), "E_CLUSTERS");
    assert_eq!(fails(&KMeans::new(4)), KMeansError::Clusters { k: 4, n: 3, most: 3 });
    assert_eq!(fails(&KMeans::new(3)), KMeansError::TooFew { k: 3, different: 2 });
    assert_eq!(fails(&KMeans { init: Some(vec![1.0]), ..KMeans::new(2) }).code(), "E_INIT");
    assert_eq!(fails(&KMeans { init: Some(vec![1.0, f64::NAN]), ..KMeans::new(2) }).code(), "E_INIT");
    assert_eq!(run(&rows, &KMeans::new(2)).labels, [Some(0), Some(0), Some(1), None]);
    let one = Rows::new(&[3.0; 10], 5, None, Scaling::Robust).unwrap();
    assert_eq!(run(&one, &KMeans::new(1)).centres, [3.0; 5]);
}

#[test]
fn more_starts_find_no_worse() {
    let rows = Rows::new(&hills(600, 4, 3.0), 4, None, Scaling::None).unwrap();
    let of =
        |starts| kmeans_of_starts(&rows, &KMeans::new(7), starts, &Alone, &mut |_| ControlFlow::Continue(())).unwrap();
    let inertias: Vec<f64> = [1, 2, 4, 8].map(|starts| of(starts).inertia).into();
    assert!(inertias.is_sorted_by(|a, b| a >= b) && inertias[3] < inertias[0], "{inertias:?}");
    assert_eq!(of(1), run(&rows, &KMeans::new(7)));
}

/// Numbers of any size, beside each other too: the definition's labels, or an error.
#[test]
fn very_large_and_very_small_numbers() {
    let of = |values: &[f64], k, init: Option<&[f64]>, scaling| {
        let rows = Rows::new(values, 1, None, scaling)?;
        kmeans(&rows, &KMeans { init: init.map(<[f64]>::to_vec), ..KMeans::new(k) }, &Alone, &mut |_| {
            ControlFlow::Continue(())
        })
    };
    let three = [-1e20, 0.0, 1e20];
    assert_eq!(of(&three, 3, Some(&three), Scaling::None).unwrap().sizes, [1, 1, 1]);
    let tiny = [0.0, 1e-25, 2e-25];
    assert_eq!(of(&tiny, 3, None, Scaling::None).unwrap().sizes, [1, 1, 1]);
    // f64 that no f32 tells apart, until the mean is off.
    let found = of(&[1e9, 1e9 + 1.0, 1e9 + 50.0, 1e9 + 51.0], 2, None, Scaling::None).unwrap();
    assert_eq!((found.labels, found.centres), (vec![Some(0), Some(0), Some(1), Some(1)], vec![1e9 + 0.5, 1e9 + 50.5]));
    assert!((found.inertia - 1.0).abs() < 1e-6, "{}", found.inertia);
    // Quartiles of a hair, and a value beyond f32 when scaled by them.
    let far = [0.0, 1e-30, 2e-30, 3e-30, 1e20];
    assert_eq!(of(&far, 2, None, Scaling::Robust).unwrap().sizes, [4, 1]);
    assert_eq!(of(&far, 3, None, Scaling::Robust).unwrap_err().code(), "E_TOO_FEW");
    for vast in [&[f64::MAX, f64::MIN, 0.0][..], &[1e200, -1e200].repeat(600)] {
        assert_eq!(of(vast, 2, None, Scaling::ZScore).unwrap_err().code(), "E_SCALE");
    }
    // A first centre far beyond all rows is nobody's, and filled.
    assert_eq!(of(&three, 2, Some(&[0.0, 1e60]), Scaling::None).unwrap_err().code(), "E_INIT");
    assert_eq!(of(&three, 2, Some(&[0.0, 1e39]), Scaling::None).unwrap().sizes, [2, 1]);
    // The f64 definition cannot tell these centres apart, and the kernel must not claim to.
    let row = [1.0, 1e-11, -1.0];
    let close = [1e-11, 1e-11 * (1.0 + 2e-6)];
    let found = of(&row, 2, Some(&close), Scaling::None).unwrap();
    assert_eq!(found.sizes.iter().sum::<u64>(), 3);
}

#[test]
fn who_watches_may_end_it() {
    let rows = Rows::new(&hills(2000, 3, 0.0), 3, None, Scaling::None).unwrap();
    let mut passes = Vec::new();
    let mut watch = |pass: Pass| {
        passes.push(pass.iteration);
        if pass.iteration == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let found = kmeans(&rows, &KMeans::new(9), &Alone, &mut watch).unwrap();
    assert_eq!((found.ended, found.iterations, passes), (Ended::Stopped, 3, vec![1, 2, 3]));
    let short = run(&rows, &KMeans { max_iter: 3, ..KMeans::new(9) });
    assert_eq!((short.labels, short.ended), (found.labels, Ended::Iterations));
    let near = run(&rows, &KMeans { tol: 0.5, ..KMeans::new(9) });
    assert_eq!(near.ended, Ended::Tolerance);
}
