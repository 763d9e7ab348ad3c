//! All channels at one rate, block by block: the same bits as of every channel resampled whole, whatever the blocks were.
#![cfg(all(feature = "resample", feature = "codecs"))]

mod common;

use std::io::{Cursor, Read, Seek, SeekFrom};

use common::{Dice, aiff, caf, chunk, flac, fmt, riff};
use earprint_audio::{Limits, PlanarStream, Samples, Stream, StreamOptions, resample, resampled_len};

/// Gives few bytes at a time, each time another number of them.
struct Reluctant(Cursor<Vec<u8>>, Dice);

impl Read for Reluctant {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let most = (1 + self.1.below(700)).min(out.len());
        self.0.read(&mut out[..most])
    }
}

impl Seek for Reluctant {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

fn samples(seed: u64, channels: usize, frames: usize) -> Vec<Vec<i16>> {
    let mut dice = Dice(seed);
    (0..channels).map(|_| (0..frames).map(|_| (dice.roll() >> 50) as i16).collect()).collect()
}

fn wav(rate_hz: u32, planes: &[Vec<i16>]) -> Vec<u8> {
    let frames = 0..planes[0].len();
    let data: Vec<u8> = frames.flat_map(|n| planes.iter().flat_map(move |p| p[n].to_le_bytes())).collect();
    riff(&[fmt(1, planes.len() as u16, rate_hz, 16), chunk(b"data", &data)])
}

fn open(bytes: &[u8], rate_hz: u32, seed: u64) -> PlanarStream {
    let source = Box::new(Reluctant(Cursor::new(bytes.to_vec()), Dice(seed)));
    let options = StreamOptions { identify: true, ..StreamOptions::default() };
    let stream = Stream::open_with(source, None, &Limits::default(), options).expect("opens");
    PlanarStream::new(stream, rate_hz).expect("rates")
}

/// Blocks of all channels, joined, and how many there were.
fn joined(stream: &mut PlanarStream) -> (Vec<Vec<f32>>, usize) {
    let mut out = vec![Vec::new(); stream.channels()];
    let mut blocks = 0;
    while let Some(block) = stream.next_block().expect("reads") {
        assert!(!block.planar[0].is_empty() && block.planar.iter().all(|p| p.len() == block.planar[0].len()));
        assert_eq!(block.planar.len(), out.len());
        for (plane, more) in out.iter_mut().zip(block.planar) {
            plane.extend(more);
        }
        blocks += 1;
    }
    (out, blocks)
}

fn bits(planes: &[Vec<f32>]) -> Vec<Vec<u32>> {
    planes.iter().map(|p| p.iter().map(|x| x.to_bits()).collect()).collect()
}

#[test]
fn every_container_and_cut_gives_what_resampling_whole_gives() {
    let mut most = 0;
    for (seed, (channels, frames)) in [(1, 1), (2, 100), (1, 4097), (2, 32_768), (3, 9000)].into_iter().enumerate() {
        let planes = samples(seed as u64 + 1, channels, frames);
        let floats = Samples::I16(planes.clone()).to_f32();
        for (from, to) in [(48_000, 44_100), (22_050, 44_100), (44_100, 44_100), (96_000, 44_100), (44_101, 44_100)] {
            let whole: Vec<_> = floats.iter().map(|p| resample(p, from, to).expect("resamples")).collect();
            assert_eq!(whole[0].len() as u64, resampled_len(frames as u64, from, to));
            let files = [wav(from, &planes), flac(from, &planes), aiff(from, &planes), caf(from, &planes)];
            for (number, file) in files.iter().enumerate() {
                let mut stream = open(file, to, seed as u64 * 31 + number as u64 + 1);
                let (got, blocks) = joined(&mut stream);
                most = most.max(blocks);
                let case = format!("file {number}, {channels} x {frames}, {from} to {to} Hz");
                assert!(bits(&got) == bits(&whole), "{case}");
                assert_eq!((stream.source_rate_hz(), stream.source_frames()), (from, frames as u64), "{case}");
                assert!(stream.audio_id().is_some() && stream.note().is_none(), "{case}");
                assert!(stream.next_block().expect("stays ended").is_none());
            }
        }
    }
    assert!(most > 20, "one block would show nothing about borders: {most}");
}

#[test]
fn a_file_longer_than_a_block_of_wav_is_cut_and_joined() {
    // 65,536 samples of both channels together are one block.
    let planes = samples(77, 2, 150_000);
    let whole: Vec<_> =
        Samples::I16(planes.clone()).to_f32().iter().map(|p| resample(p, 48_000, 44_100).expect("resamples")).collect();
    let (got, blocks) = joined(&mut open(&wav(48_000, &planes), 44_100, 5));
    assert!(bits(&got) == bits(&whole) && blocks >= 5, "{blocks} blocks");
}

#[test]
fn a_block_at_a_low_rate_becomes_many_blocks() {
    // 400 frames of 4 channels, one block of the file, become 366,000 samples.
    let planes = samples(5, 4, 400);
    let whole: Vec<_> =
        Samples::I16(planes.clone()).to_f32().iter().map(|p| resample(p, 193, 44_100).expect("resamples")).collect();
    let mut stream = open(&wav(193, &planes), 44_100, 5);
    let (mut most, mut got) = (0, vec![Vec::new(); 4]);
    while let Some(block) = stream.next_block().expect("reads") {
        most = most.max(block.planar[0].len() * 4);
        for (plane, more) in got.iter_mut().zip(block.planar) {
            plane.extend(more);
        }
    }
    assert!(bits(&got) == bits(&whole));
    // 2^17, and one more of each channel. (The end, half a filter of each, is less here.)
    assert!(most <= (1 << 17) + 4, "{most} samples in a block");
}

#[test]
fn nothing_a_cut_and_a_stop() {
    let (got, blocks) = joined(&mut open(&wav(48_000, &[vec![], vec![]]), 44_100, 1));
    assert_eq!((got, blocks), (vec![vec![], vec![]], 0), "no frame gives no block");

    // What breaks off is resampled up to there.
    let planes = samples(3, 1, 20_000);
    let file = flac(48_000, &planes);
    let mut stream = open(&file[..file.len() / 2], 44_100, 1);
    let (got, _) = joined(&mut stream);
    let n = stream.source_frames() as usize;
    assert!((5000..15_000).contains(&n) && stream.note().expect("noted").is_partial());
    let part = Samples::I16(vec![planes[0][..n].to_vec()]).to_f32();
    assert!(bits(&got)[0] == bits(&[resample(&part[0], 48_000, 44_100).expect("resamples")])[0]);

    // Asked to stop, it says so once and has ended.
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let options = StreamOptions { stop: Some(stop.clone()), identify: true };
    let stream = Stream::open_with(Box::new(Cursor::new(file)), None, &Limits::default(), options).expect("opens");
    let mut stream = PlanarStream::new(stream, 44_100).expect("rates");
    assert!(stream.next_block().expect("reads").is_some());
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(stream.next_block().expect_err("stopped").code(), "E_TIME_LIMIT");
    assert!(stream.next_block().expect("ended").is_none());

    let stream = Stream::open(Box::new(Cursor::new(wav(48_000, &planes))), None, &Limits::default()).expect("opens");
    assert_eq!(PlanarStream::new(stream, 0).map(|_| ()).expect_err("no rate").code(), "E_SAMPLE_RATE");
}
