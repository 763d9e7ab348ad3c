//! Seconds of Lloyd's iteration: `cargo run --release -p earprint-tests --example kmeans_speed X.npy INIT.npy ITERATIONS [LABELS.npy]`.
//!
//! `X` is `(n, d)` f32, `INIT` `(k, d)` f64. Rows are centred, not scaled. One JSON line for each instruction set and for all threads of
//! the widest; their results are compared with scalar's first (for up to 10^8 products of rows, columns and centres). The time of taking
//! the rows of each run (`rows`) is apart from that of the iterations.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use earprint_collection::kmeans::{Alone, Clusters, Crew, KMeans, KMeansError, Rows, Scaling, kmeans};
use earprint_compute::PoolCrew;
use earprint_signal::Width;
use earprint_store::{NpyArray, NpyType, NpyWriter};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [x, init, iterations, rest @ ..] = args.as_slice() else { panic!("X.npy INIT.npy ITERATIONS [LABELS.npy]") };
    let read = |path: &str| NpyArray::read(&PathBuf::from(path)).unwrap_or_else(|e| panic!("{e}"));
    let (x, init) = (read(x), read(init));
    let (n, d, k) = (x.header.shape[0], x.header.shape[1], init.header.shape[0]);
    let values = x.f32();
    let rows = Rows::new(&values, d, None, Scaling::None).expect("rows");
    let start = Instant::now();
    let crew = PoolCrew::new(1).expect("a thread");
    let seeded = kmeans(&rows, &KMeans { max_iter: 1, ..KMeans::new(k) }, &crew, &mut |_| ControlFlow::Break(()));
    println!(
        r#"{{"start":"k-means++ and two passes","threads":1,"seconds":{:.3},"inertia":{}}}"#,
        start.elapsed().as_secs_f64(),
        seeded.expect("clusters").inertia
    );
    let job = |width| KMeans {
        init: Some(init.f64()),
        max_iter: iterations.parse().expect("a number of iterations"),
        width,
        ..KMeans::new(k)
    };
    let pool = PoolCrew::new(std::thread::available_parallelism().map_or(1, usize::from)).expect("threads");
    // Of fresh rows: what a run makes of them the first time is its own.
    let run = |width, threads: bool| -> Result<(Clusters, [f64; 2]), KMeansError> {
        let start = Instant::now();
        let rows = Rows::new(&values, d, None, Scaling::None)?;
        let taken = start.elapsed().as_secs_f64();
        let mut on = |_| ControlFlow::Continue(());
        let start = Instant::now();
        let found = if threads {
            kmeans(&rows, &job(width), &pool, &mut on)
        } else {
            kmeans(&rows, &job(width), &Alone, &mut on)
        };
        Ok((found?, [taken, start.elapsed().as_secs_f64()]))
    };
    let small = n * d * k < 100_000_000;
    let (want, _) = run(if small { Width::Scalar } else { Width::best() }, false).expect("clusters");
    let widths = if small { Width::available() } else { Width::available().split_off(2) };
    let runs = widths.into_iter().map(|w| (w, false)).chain([(Width::best(), true)]);
    for (width, threads) in runs {
        let (got, [taken, seconds]) = run(width, threads).expect("clusters");
        assert!(got.labels == want.labels && got.scaled == want.scaled, "{}", width.name());
        let threads = if threads { pool.size() } else { 1 };
        println!(
            r#"{{"width":"{}","threads":{threads},"n":{n},"d":{d},"k":{k},"iterations":{},"ended":"{}","inertia":{},"rechecked":{},"rows":{taken:.3},"seconds":{seconds:.3}}}"#,
            width.name(),
            got.iterations,
            got.ended.name(),
            got.inertia,
            got.rechecked
        );
    }
    if let [labels] = rest {
        let path = PathBuf::from(labels);
        let bytes: Vec<u8> = want.labels.iter().flat_map(|l| l.map_or(-1i64, i64::from).to_le_bytes()).collect();
        let mut out = NpyWriter::open(&path.with_extension("part"), NpyType::I64, &[], 0).expect("a file");
        out.append(&bytes).expect("room");
        out.finish(&path).expect("a file");
    }
}
