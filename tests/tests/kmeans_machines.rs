//! k-means with nearest centres from every GPU there is, and from those made of host memory: the CPU's result to the bit.

use std::ops::ControlFlow;

use earprint_collection::kmeans::{
    Alone, CERTAIN, CentresView, Choose, Clusters, Crew, Device, KMeans, Rows, RowsView, Scaling, Words, choose,
    euclidean_silhouette, kmeans, kmeans_on, validity,
};
use earprint_compute::{KMeansDevice, Machine, PoolCrew, Room};
use earprint_cuda::CudaMachine;
use earprint_cuda::emulate::Rounding;
use earprint_tests::backends::emulated_machine::EmulatedMachine;
use earprint_tests::backends::machine_doubles::{Fault, Faulty};
use earprint_tests::backends::vulkan::on_every_driver;
use earprint_tests::track::noise;
use earprint_wgpu::{AdapterChoice, WgpuMachine, adapters};

/// Rows in hills; every 50th misses a number.
fn rows(n: usize, d: usize, grid: bool) -> Rows {
    let hill = |i: usize| [0.0, 0.9, -0.7][i / d % 3];
    let mut values: Vec<f32> = noise(7, 1.0, n as f64 * d as f64 / 44_100.0 + 0.1)
        .into_iter()
        .take(n * d)
        .enumerate()
        .map(|(i, v)| v + hill(i))
        .collect();
    if grid {
        // Ties everywhere.
        values.iter_mut().for_each(|v| *v = (*v * 2.0).round());
    } else {
        values.iter_mut().skip(7 * d).step_by(50 * d).for_each(|v| *v = f32::NAN);
    }
    Rows::new(&values, d, None, Scaling::ZScore).expect("rows")
}

fn go_on(_: earprint_collection::kmeans::Pass) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Once, on a device that is waited for.
fn blocked<C: Crew>(rows: &Rows, job: &KMeans, crew: &C, device: &mut dyn Device) -> Clusters {
    pollster::block_on(kmeans_on(rows, job, 1, crew, Some(device), &mut go_on)).expect("clusters")
}

/// Without what may differ: who computed, and how often it could not tell.
fn result(c: &Clusters) -> Clusters {
    Clusters { backend: String::new(), note: None, rechecked: 0, ..c.clone() }
}

fn check(name: &str, open: &dyn Fn() -> Box<dyn Machine>, large: bool) {
    for (n, d, k, grid) in [(1, 1, 1, false), (500, 25, 9, false), (640, 3, 17, true), (3000, 32, 40, false)] {
        if n > 1000 && !large {
            continue;
        }
        let rows = rows(n, d, grid);
        let job = KMeans { max_iter: 12, ..KMeans::new(k) };
        let want = kmeans(&rows, &job, &Alone, &mut go_on).expect("clusters");
        let mut device = KMeansDevice::new(open());
        for threads in [1, 4] {
            let crew = PoolCrew::new(threads).expect("threads");
            let got = blocked(&rows, &job, &crew, &mut device);
            assert_eq!(result(&got), result(&want), "{name}, {n} x {d}, k {k}");
            assert_eq!((got.backend.as_str(), &got.note), (device.name(), &None));
            // A device that is never sure would be right, too.
            assert!(grid || n == 1 || got.rechecked < (n as u64 * u64::from(got.iterations)) / 10);
            println!("{name}: {n} x {d}, k {k}: {} passes, {} rows decided in f64", got.iterations, got.rechecked);
        }
    }
}

fn emulated() -> Result<Box<dyn Machine>, String> {
    EmulatedMachine::open().map(|machine| Box::new(machine) as Box<dyn Machine>)
}

#[test]
fn cuda_emulated() {
    match emulated() {
        Ok(_) => check("cuda-emulated", &|| emulated().expect("opened before"), false),
        Err(why) => println!("cuda-emulated: skipped, because {why}"),
    }
}

/// A device that fuses wherever it can: other roundings, the same labels.
#[test]
fn cuda_emulated_fused() {
    let fused = || EmulatedMachine::with_rounding(Rounding::Fused);
    match fused() {
        Ok(_) => check("cuda-emulated, fused", &|| Box::new(fused().expect("opened before")), false),
        Err(why) => println!("cuda-emulated, fused: skipped, because {why}"),
    }
}

#[test]
fn cuda() {
    let open = || CudaMachine::open(earprint_cuda::Options::default());
    match open() {
        Ok(_) => check("cuda", &|| Box::new(open().expect("opened before")), true),
        Err(error) => {
            assert!(["E_GPU_LIBRARY", "E_GPU_NO_DEVICE"].contains(&error.code()), "{error}");
            println!("cuda: skipped, because {error}");
        }
    }
}

#[test]
fn wgpu() {
    on_every_driver("kmeans_on_one_driver");
}

#[test]
#[ignore = "run by `wgpu`"]
fn kmeans_on_one_driver() {
    let found = pollster::block_on(adapters());
    if found.is_empty() {
        println!("skipped, because this driver finds no device");
    }
    for (index, line) in found.into_iter().enumerate() {
        println!("{}", line.name);
        let options = || earprint_wgpu::Options {
            adapter: AdapterChoice::Index(index),
            allow_software: true,
            ..earprint_wgpu::Options::default()
        };
        let open = || pollster::block_on(WgpuMachine::open(options())).unwrap_or_else(|e| panic!("{e}"));
        check(line.backend, &|| Box::new(open()), true);
    }
}

/// Rows that do not fit the device together go there in every pass.
#[test]
fn rows_beyond_the_room() {
    let small = || EmulatedMachine::open().map(|m| m.with_room(Room { largest_buffer: 9000, total: 20_000 }));
    match small() {
        Ok(_) => check("cuda-emulated, small", &|| Box::new(small().expect("opened before")), false),
        Err(why) => println!("skipped, because {why}"),
    }
}

/// Many chunks: the same on any number of threads, first centres, inertia, validity and choice of k included.
#[test]
fn threads_change_nothing_over_many_chunks() {
    let rows = rows(13_000, 6, false);
    let job = KMeans { max_iter: 8, seed: 5, ..KMeans::new(30) };
    let want = kmeans(&rows, &job, &Alone, &mut go_on).expect("clusters");
    let numbers = validity(&rows, &want.labels, 30, &Alone);
    let sampled = euclidean_silhouette(&rows, &want.labels, 30, 50, 1, &Alone);
    let how = Choose { k_max: 4, ..Choose::new() };
    let choice = choose(&rows, &how, &Alone);
    for threads in [1, 2, 4] {
        let crew = PoolCrew::new(threads).expect("threads");
        assert_eq!(kmeans(&rows, &job, &crew, &mut go_on).expect("clusters"), want);
        assert_eq!(validity(&rows, &want.labels, 30, &crew), numbers);
        assert_eq!(euclidean_silhouette(&rows, &want.labels, 30, 50, 1, &crew), sampled);
        assert_eq!(choose(&rows, &how, &crew), choice);
    }
    assert!(numbers.is_some() && sampled.is_some_and(|s| s.error > 0.0) && choice.tried.len() == 3);
    assert_ne!(want.inertia, kmeans(&rows, &KMeans { seed: 6, ..job }, &Alone, &mut go_on).expect("clusters").inertia);
}

/// Too little memory is met with smaller recordings; a lost device with the CPU, and words.
#[test]
fn what_goes_wrong_on_a_device_costs_no_label() {
    if let Err(why) = emulated() {
        return println!("skipped, because {why}");
    }
    let rows = rows(1000, 5, false);
    let job = KMeans { max_iter: 6, ..KMeans::new(6) };
    let want = kmeans(&rows, &job, &Alone, &mut go_on).expect("clusters");
    for (fault, note) in [
        (Fault::NoMemoryAbove(9000), None),
        (Fault::LateNoMemoryAbove(9000), None),
        (Fault::NoMemoryAbove(1000), Some("out of memory")),
        (Fault::LostAt(0), Some("it was told to")),
        (Fault::LostAt(3), Some("it was told to")),
    ] {
        let mut device = KMeansDevice::new(Box::new(Faulty::new(emulated().expect("opened before"), fault)));
        let got = blocked(&rows, &job, &Alone, &mut device);
        assert_eq!(result(&got), result(&want), "{fault:?}");
        match note {
            None => assert_eq!((got.note, got.backend.as_str()), (None, device.name()), "{fault:?}"),
            Some(words) => {
                let note = got.note.expect("words");
                assert!(note.contains(words) && note.contains("continuing on the cpu"), "{fault:?}: {note}");
                assert!(got.backend.ends_with("+cpu"), "{}", got.backend);
            }
        }
    }
}

/// A device that is sure of something wrong is seen by the comparison above; one that talks nonsense by the caller.
#[test]
fn a_device_that_lies_is_seen() {
    struct Liar(fn(usize, u32) -> u32);
    impl Device for Liar {
        fn name(&self) -> &str {
            "liar"
        }
        fn nearest<'a>(&'a mut self, rows: RowsView<'a>, centres: CentresView<'a>) -> Words<'a> {
            let k = centres.halves.len() as u32;
            let words = (0..rows.norms.len()).map(|row| self.0(row, k)).collect();
            Box::pin(std::future::ready(Ok(words)))
        }
    }
    let rows = rows(500, 4, false);
    let want = kmeans(&rows, &KMeans::new(3), &Alone, &mut go_on).expect("clusters");
    let with = |lie| blocked(&rows, &KMeans::new(3), &Alone, &mut Liar(lie));
    assert_ne!(result(&with(|row, k| CERTAIN | (row as u32 % k))).labels, want.labels);
    // Not sure of anything: the definition decides all.
    let unsure = with(|row, k| row as u32 % k);
    assert_eq!((result(&unsure), unsure.backend.as_str()), (result(&want), "liar"));
    let nonsense = with(|_, k| CERTAIN | k);
    assert_eq!(result(&nonsense), result(&want));
    assert!(nonsense.note.expect("words").contains("no labels"));
}
