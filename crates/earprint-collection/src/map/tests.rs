//! The whole way, and data for the tests of its parts.

use std::ops::ControlFlow;

use super::*;
use crate::kmeans::Alone;
use crate::kmeans::philox::uniform;

/// Numbers of -1 to 1.
pub(super) fn noise(count: usize, seed: u64) -> Vec<f32> {
    (0..count as u64).map(|i| (2.0 * uniform(seed, 9, i) - 1.0) as f32).collect()
}

/// About normal numbers: twelve uniform ones, summed up.
pub(super) fn normal(count: usize, seed: u64) -> Vec<f32> {
    let of = |i: u64| (0..12).map(|j| uniform(seed, 9, 12 * i + j)).sum::<f64>() - 6.0;
    (0..count as u64).map(|i| of(i) as f32).collect()
}

/// Normal hills of deviation 1 whose middles have deviation `apart` in each column; row `i` is of hill `i % count`.
pub(super) fn blobs(n: usize, d: usize, count: usize, apart: f32) -> Vec<f32> {
    let (middles, mut rows) = (normal(count * d, 77), normal(n * d, 78));
    for (at, x) in rows.iter_mut().enumerate() {
        *x += apart * middles[at / d % count * d + at % d];
    }
    rows
}

/// One number in fifty unknown, and every fortieth row with two numbers alone.
pub(super) fn with_gaps(mut rows: Vec<f32>, d: usize) -> Vec<f32> {
    for (at, x) in rows.iter_mut().enumerate() {
        if uniform(4, 8, at as u64) < 0.02 || (at / d % 40 == 7 && at % d > 1) {
            *x = f32::NAN;
        }
    }
    rows
}

fn draw(rows: &[f32], d: usize, job: &MapJob) -> Map {
    map(rows, d, None, job, &Alone, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Threads of the standard library, tasks dealt out in turn.
struct Threads(usize);

impl Crew for Threads {
    fn size(&self) -> usize {
        self.0
    }

    fn each<T: Send>(&self, tasks: Vec<T>, work: impl Fn(T) + Sync + Send) {
        let mut hands: Vec<Vec<T>> = (0..self.0).map(|_| Vec::new()).collect();
        tasks.into_iter().enumerate().for_each(|(at, task)| hands[at % self.0].push(task));
        let work = &work;
        std::thread::scope(|scope| {
            hands.into_iter().for_each(|hand| {
                scope.spawn(move || hand.into_iter().rev().for_each(work));
            });
        });
    }
}

#[test]
fn none_one_two_and_three() {
    let job = MapJob::default();
    let m = draw(&[], 25, &job);
    assert!(m.xy.is_empty() && m.torn.is_empty() && m.distinct == 0 && m.trustworthiness.mean.is_nan());
    let m = draw(&[3.0; 25], 25, &job);
    assert_eq!((m.xy, m.distinct, m.epochs), (vec![Some([0.0; 2])], 1, 0));
    assert!(m.explained[0].is_nan() && m.far.is_nan() && m.torn[0].unwrap().share.is_nan());
    let m = draw(&[1.0, 1.0, 2.0, 5.0], 2, &job);
    assert_eq!(m.xy, [Some([-1.0, 0.0]), Some([1.0, 0.0])]);
    assert_eq!((m.neighbours, m.k), (1, 0));
    let m = draw(&[0.0, 0.0, 1.0, 0.0, 0.0, 1.0], 2, &job);
    assert!(m.xy.iter().flatten().flatten().all(|v| v.abs() <= 1.0) && m.k == 1);
    assert_eq!((m.trustworthiness.mean, m.sampled()), (1.0, false));
}

#[test]
fn equal_rows_have_one_place() {
    let m = draw(&[0.5; 40 * 3], 3, &MapJob::default());
    assert!(m.xy.iter().all(|p| *p == Some([0.0; 2])) && m.distinct == 1);
    // Thirty of a hundred are one row.
    let mut rows = normal(100 * 4, 1);
    (0..30).for_each(|i| rows[i * 8..i * 8 + 4].copy_from_slice(&[0.25, -0.0, 0.0, 1.0]));
    rows[4 * 8 + 1] = 0.0; // -0 is 0
    let m = draw(&rows, 4, &MapJob { epochs: 100, ..MapJob::default() });
    assert_eq!(m.distinct, 71);
    assert!((0..30).all(|i| m.xy[2 * i] == m.xy[0] && m.torn[2 * i] == m.torn[0]) && m.xy[1] != m.xy[0]);
    assert!(m.xy.iter().flatten().flatten().all(|v| v.is_finite()));
}

#[test]
fn rows_that_cannot_be_compared_have_no_place() {
    let n = f32::NAN;
    let mut rows = normal(60 * 4, 2);
    rows[4 * 5..4 * 6].fill(n);
    for row in [7, 9] {
        rows[4 * row] = n;
    }
    // Knows what nobody else does.
    (0..60).for_each(|row| rows[4 * row + 3] = n);
    rows[4 * 20..4 * 21].copy_from_slice(&[n, n, n, 1.0]);
    let m = draw(&rows, 4, &MapJob { epochs: 60, ..MapJob::default() });
    let without: Vec<usize> = (0..60).filter(|&r| m.xy[r].is_none()).collect();
    assert_eq!((without, m.distinct), (vec![5, 20], 58));
    assert!(m.torn[5].is_none() && m.torn[7].is_some());
    // Two rows with nothing in common: no place for either. One that knows something among those that know nothing: the origin.
    assert_eq!(draw(&[1.0, n, n, 1.0], 2, &MapJob::default()).xy, [None, None]);
    assert_eq!(draw(&[n, n, n, 1.0], 2, &MapJob::default()).xy, [None, Some([0.0; 2])]);
    assert_eq!(draw(&[n; 6], 2, &MapJob::default()).xy, [None; 3]);
}

#[test]
fn what_cannot_be_mapped() {
    let code = |rows: &[f32], d, weights, job: &MapJob| {
        map(rows, d, weights, job, &Alone, &mut |_| ControlFlow::Continue(())).unwrap_err().code()
    };
    let job = MapJob::default();
    assert_eq!(code(&[1.0; 3], 2, None, &job), "E_SHAPE");
    assert_eq!(code(&[1.0, f32::INFINITY], 2, None, &job), "E_NON_FINITE");
    assert_eq!(code(&[1.0; 4], 2, Some(&[1.0]), &job), "E_WEIGHTS");
    assert_eq!(code(&[1.0; 4], 2, None, &MapJob { neighbours: 0, ..job }), "E_NEIGHBOURS");
}

#[test]
fn rows_in_another_order_have_the_same_places() {
    let rows = with_gaps(blobs(300, 6, 3, 2.0), 6);
    let job = MapJob { epochs: 80, measured_up_to: 100, sample: 50, ..MapJob::default() };
    let shuffled: Vec<usize> = (0..300).map(|i| i * 7 % 300).collect();
    let moved: Vec<f32> = shuffled.iter().flat_map(|&r| rows[r * 6..r * 6 + 6].to_vec()).collect();
    for job in [job.clone(), MapJob { exact_up_to: 100, ..job }] {
        let (a, b) = (draw(&rows, 6, &job), draw(&moved, 6, &job));
        assert!(shuffled.iter().enumerate().all(|(at, &r)| a.xy[r] == b.xy[at]));
        assert!(shuffled.iter().enumerate().all(|(at, &r)| format!("{:?}", a.torn[r]) == format!("{:?}", b.torn[at])));
        assert_eq!((a.trustworthiness, a.explained, a.far), (b.trustworthiness, b.explained, b.far));
    }
}

#[test]
fn threads_and_widths_change_no_bit() {
    // Enough for the mesh, trees and more than one task of everything.
    let rows = with_gaps(blobs(2600, 5, 4, 2.0), 5);
    for exact_up_to in [100, 5000] {
        let job = MapJob { epochs: 30, exact_up_to, measured_up_to: 1000, sample: 300, ..MapJob::default() };
        let want = format!("{:?}", draw(&rows, 5, &job));
        for threads in [1, 2, 4] {
            let m = map(&rows, 5, None, &job, &Threads(threads), &mut |_| ControlFlow::Continue(())).unwrap();
            assert!(format!("{m:?}") == want, "{threads} threads");
        }
        for width in Width::available() {
            assert!(format!("{:?}", draw(&rows, 5, &MapJob { width, ..job.clone() })) == want, "{}", width.name());
        }
        let other = format!("{:?}", draw(&rows, 5, &MapJob { seed: 1, ..job }));
        assert!(other != want);
    }
}

#[test]
fn who_watches_may_end_it() {
    let rows = blobs(200, 5, 4, 2.0);
    let mut seen = Vec::new();
    let mut watch = |e: Epoch| {
        seen.push((e.done, e.of));
        if e.done == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let m = map(&rows, 5, None, &MapJob::default(), &Alone, &mut watch).unwrap();
    assert_eq!((m.epochs, m.stopped, seen.len(), seen[6]), (7, true, 7, (7, 750)));
    assert!(m.xy.iter().flatten().flatten().all(|v| v.abs() <= 1.0));
    let components = draw(&rows, 5, &MapJob { epochs: 0, ..MapJob::default() });
    assert!(!components.stopped && components.epochs == 0);
}

#[test]
fn columns_without_weight_change_nothing() {
    let rows = blobs(100, 3, 2, 3.0);
    let wide: Vec<f32> = rows.chunks_exact(3).enumerate().flat_map(|(i, r)| [r[0], i as f32, r[1], r[2]]).collect();
    let job = MapJob { epochs: 40, ..MapJob::default() };
    let m = map(&wide, 4, Some(&[2.0, 0.0, 2.0, 2.0]), &job, &Alone, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(m, draw(&rows, 3, &job));
    let heavy = map(&rows, 3, Some(&[9.0, 1.0, 1.0]), &job, &Alone, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_ne!(heavy.xy, m.xy);
}

/// Share of rows whose nearest other on the map is of the same hill.
fn together(m: &Map, hills: usize) -> f64 {
    let xy: Vec<[f32; 2]> = m.xy.iter().map(|p| p.unwrap()).collect();
    let d = |a: usize, b: usize| (xy[a][0] - xy[b][0]).powi(2) + (xy[a][1] - xy[b][1]).powi(2);
    let nearest = |a: usize| (0..xy.len()).filter(|&b| b != a).min_by(|&b, &c| d(a, b).total_cmp(&d(a, c))).unwrap();
    (0..xy.len()).filter(|&a| nearest(a) % hills == a % hills).count() as f64 / xy.len() as f64
}

#[test]
fn hills_keep_apart_and_the_layout_beats_the_components() {
    let rows = blobs(800, 25, 8, 1.5);
    let (m, start) = (draw(&rows, 25, &MapJob::default()), draw(&rows, 25, &MapJob { epochs: 0, ..MapJob::default() }));
    let kept = together(&m, 8);
    println!("{:?} {:?} of components {:?}, together {kept}", m.trustworthiness, m.continuity, start.trustworthiness);
    assert!(m.trustworthiness.mean > start.trustworthiness.mean + 0.01 && m.trustworthiness.mean > 0.9);
    assert!(kept > 0.99 && together(&start, 8) < 0.95);
    let marked = m.torn.iter().flatten().filter(|t| t.mark).count();
    let marked_before = start.torn.iter().flatten().filter(|t| t.mark).count();
    println!("torn {marked}, by the components {marked_before}");
    assert!(marked < 24 && marked < marked_before, "{marked} rows torn, by the components {marked_before}");
}

/// The rows and the plane of `tests/golden/outside/map/reference.py`: whole numbers over powers of two, exact in f32.
fn golden_rows() -> (Vec<f32>, Vec<[f32; 2]>) {
    let mut rows: Vec<f32> = (0..1000u64).map(|i| ((i * 7919 + i * i * 10473) % 65521) as f32 / 4096.0).collect();
    for row in rows.chunks_exact_mut(5) {
        row[0] *= 3.0;
        row[1] += row[0] / 2.0;
    }
    let plane = rows.chunks_exact(5).map(|r| [r[0] + r[2] / 4.0, r[1] - r[3] / 2.0]).collect();
    (rows, plane)
}

/// Against `sklearn.manifold.trustworthiness`, scikit-learn 1.9.1: `tests/golden/outside/map/results.json`.
#[test]
fn trustworthiness_is_that_of_scikit_learn() {
    let (rows, plane) = golden_rows();
    let (t, place) = table::table(&rows, 5, None).unwrap();
    let mut xy = vec![[0.0; 2]; t.n];
    place.iter().zip(plane).for_each(|(&at, p)| xy[at as usize] = p);
    let golden = [
        (1, 0.9050252525252526, 0.980580808080808),
        (5, 0.89846875, 0.9607864583333333),
        (15, 0.9117551789077213, 0.9530112994350283),
        (60, 0.9664246575342466, 0.9750768645357687),
    ];
    for (k, trust, continuity) in golden {
        let found = trust::trust(&t, &xy, k, 1000, 0, &Alone, Width::best()).map(|e| e.mean);
        assert!((found[0] - trust).abs() < 1e-9 && (found[1] - continuity).abs() < 1e-9, "k {k}: {found:?}");
    }
}

/// Against `sklearn.decomposition.PCA` of the same rows.
#[test]
fn components_are_those_of_scikit_learn() {
    let (rows, _) = golden_rows();
    let (t, place) = table::table(&rows, 5, None).unwrap();
    let found = pca::pca(&t, &Alone);
    let explained = [0.7677157368818477, 0.06889450389456679];
    assert!((0..2).all(|i| (found.explained[i] - explained[i]).abs() < 1e-7), "{:?}", found.explained);
    let golden = [
        [-28.189314594080546, -7.677901475505301],
        [5.3546925967887695, -7.9464520386744555],
        [-14.881407087026282, -8.340431363544003],
        [17.97438291154138, 7.296874007343144],
    ];
    // The table's unit: a column's share of the weight, and a power of two.
    let unit = golden[0][0] / found.xy[place[0] as usize][0];
    for (row, want) in golden.iter().enumerate() {
        let got = found.xy[place[row] as usize].map(|v| v * unit);
        assert!((0..2).all(|i| (got[i] - want[i]).abs() < 2e-5), "{got:?} {want:?}");
    }
    let power = (unit * unit / 5.0).log2();
    assert!((power - power.round()).abs() < 1e-6, "{unit}");
}

#[test]
fn many_hills_come_together_from_a_mixed_start() {
    let rows = blobs(1200, 25, 40, 1.5);
    let m = draw(&rows, 25, &MapJob::default());
    let marked = m.torn.iter().flatten().filter(|t| t.mark).count();
    println!("{:?} torn {marked}", m.continuity);
    assert!(m.continuity.mean > 0.99 && marked < 5, "{:?} torn {marked}", m.continuity);
}
