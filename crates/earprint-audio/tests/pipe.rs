//! Raw PCM and sources that are read forwards only give the samples and the identity of a file with the same sound.

mod common;

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Dice, chunk, fmt, riff};
use earprint_audio::{AudioError, AudioId, Limits, Note, PcmFormat, SNIFF_BYTES, Samples, Stream, StreamOptions};

/// A pipe that gives a few bytes at a time and seeks nowhere but to its beginning, and only at first.
struct Forward {
    bytes: Cursor<Vec<u8>>,
    dice: Dice,
}

impl Read for Forward {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = (1 + self.dice.below(5000)).min(out.len());
        self.bytes.read(&mut out[..most])
    }
}

impl Seek for Forward {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let early = self.bytes.position() <= SNIFF_BYTES as u64;
        if to == SeekFrom::Start(0) && early { self.bytes.seek(to) } else { Err(io::ErrorKind::Unsupported.into()) }
    }
}

fn forward(bytes: &[u8]) -> Box<Forward> {
    Box::new(Forward { bytes: Cursor::new(bytes.to_vec()), dice: Dice(bytes.len() as u64 + 1) })
}

/// All that leaves a stream.
#[derive(Debug, PartialEq)]
struct Heard {
    rate_hz: u32,
    decoder: &'static str,
    planes: Vec<Vec<f32>>,
    note: Option<Note>,
    id: Option<AudioId>,
}

fn hear(stream: Result<Stream, AudioError>) -> Result<Heard, AudioError> {
    let mut stream = stream?;
    let mut planes = vec![Vec::new(); stream.channels()];
    while let Some(samples) = stream.next_samples()? {
        assert!(matches!(samples, Samples::I16(_)) || stream.frames() > 0);
        planes.iter_mut().zip(samples.to_f32()).for_each(|(all, more)| all.extend(more));
    }
    assert_eq!(stream.frames(), planes[0].len() as u64);
    let (rate_hz, decoder, note, id) = (stream.rate_hz(), stream.decoder(), stream.note(), stream.audio_id());
    Ok(Heard { rate_hz, decoder, planes, note, id })
}

fn options() -> StreamOptions {
    StreamOptions { identify: true, ..StreamOptions::default() }
}

fn of_file(bytes: &[u8]) -> Result<Heard, AudioError> {
    hear(Stream::open_with(Box::new(Cursor::new(bytes.to_vec())), None, &Limits::default(), options()))
}

fn of_pipe(bytes: &[u8]) -> Result<Heard, AudioError> {
    hear(Stream::open_forward(forward(bytes), None, &Limits::default(), options()))
}

fn of_pcm(bytes: &[u8], format: &str) -> Result<Heard, AudioError> {
    hear(Stream::open_pcm(forward(bytes), format.parse().unwrap(), &Limits::default(), options()))
}

fn read_format(text: &str) -> PcmFormat {
    text.parse().unwrap()
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut dice = Dice(7);
    (0..bytes).map(|_| (dice.roll() >> 56) as u8).collect()
}

/// `data` behind a header whose sizes are `size`.
fn with_size(format: &[u8], data: &[u8], size: u32) -> Vec<u8> {
    let mut bytes = riff(&[format.to_vec(), chunk(b"data", &[])]);
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&size.to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn wav_in_a_pipe_is_the_file() {
    for (tag, bits) in [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64), (6, 8), (7, 8)] {
        for channels in [1, 2, 3] {
            let data = noise(channels * bits / 8 * 70_001);
            let format = fmt(tag, channels as u16, 44_100, bits as u16);
            let chunks = [chunk(b"LIST", &noise(5001)), format, chunk(b"data", &data), chunk(b"LIST", b"INFO")];
            let bytes = riff(&chunks);
            assert!(of_pipe(&bytes).unwrap() == of_file(&bytes).unwrap(), "{tag} {bits} {channels}");
        }
    }
}

#[test]
fn a_size_that_is_not_known_means_the_end_of_the_stream() {
    let data = noise(2 * 2 * 50_000);
    let format = fmt(1, 2, 48_000, 16);
    let whole = of_file(&riff(&[format.clone(), chunk(b"data", &data)])).unwrap();
    // ffmpeg, SoX, a recorder that was never ended.
    for size in [u32::MAX, 0x7FFF_F000, 0x7FFF_FFFF - 3, 0] {
        assert!(of_pipe(&with_size(&format, &data, size)).unwrap() == whole, "{size:#x}");
    }
    // Samples that look like a name of a chunk.
    let letters = b"abcd\x01\0\0\0ABCDEFGH".repeat(5);
    assert_eq!(of_pipe(&with_size(&format, &letters, 0)).unwrap().planes[0].len(), 20);
    let truly_empty = [format.clone(), chunk(b"data", &[]), chunk(b"LIST", b"INFO")];
    assert_eq!(of_pipe(&riff(&truly_empty)).unwrap().planes, [[0.0; 0], [0.0; 0]]);
    // A last frame that is cut is no frame.
    assert_eq!(of_pipe(&with_size(&format, &data[..data.len() - 3], u32::MAX)).unwrap().planes[0].len(), 49_999);

    let mut rf64 = b"RF64\xff\xff\xff\xffWAVE".to_vec();
    rf64.extend(chunk(b"ds64", &[&[0xFF; 8][..], &(data.len() as u64).to_le_bytes(), &[0; 12]].concat()));
    let size_in_ds64 = |mut head: Vec<u8>| {
        head.extend_from_slice(&format);
        head.extend(b"data\xff\xff\xff\xff");
        head.extend_from_slice(&data);
        head
    };
    assert!(of_pipe(&size_in_ds64(rf64.clone())).unwrap() == whole);
    rf64[28..36].fill(0xFF);
    assert!(of_pipe(&size_in_ds64(rf64)).unwrap() == whole);
}

#[test]
fn a_pipe_that_ends_early_says_so() {
    let data = noise(2 * 50_000);
    let bytes = riff(&[fmt(1, 1, 8000, 16), chunk(b"data", &data)]);
    let cut = of_pipe(&bytes[..44 + 2 * 16_000 + 1]).unwrap();
    assert_eq!(cut.planes[0].len(), 16_000);
    let partial = cut.note.unwrap().partial.unwrap();
    assert_eq!((partial.frames, partial.expected_frames), (16_000, Some(50_000)));
    assert!(partial.to_string().contains("stopped at 0:02 of 0:06: the stream ends before"), "{partial}");
    for n in 0..44 {
        let error = of_pipe(&bytes[..n]).unwrap_err();
        let code = if n == 0 {
            "E_EMPTY"
        } else if n < 12 {
            "E_NOT_AUDIO"
        } else {
            "E_DECODE_TRUNCATED"
        };
        assert_eq!(error.code(), code, "{n}: {error}");
    }
    // Sizes that lie about what comes before the samples are followed no farther than the limits say.
    let mut lies = riff(&[chunk(b"JUNK", &[]), fmt(1, 1, 8000, 16), chunk(b"data", &data)]);
    lies[16..20].copy_from_slice(&0xFFFF_0000_u32.to_le_bytes());
    assert_eq!(of_pipe(&lies).unwrap_err().code(), "E_DECODE_TRUNCATED");
    let backwards = riff(&[chunk(b"data", &data), fmt(1, 1, 8000, 16)]);
    assert_eq!(of_pipe(&backwards).unwrap_err().code(), "E_DECODE_TRUNCATED");
}

#[test]
fn raw_pcm_is_the_wav_file_with_its_samples() {
    for (name, tag, bits) in [
        ("u8", 1, 8),
        ("s16", 1, 16),
        ("s24", 1, 24),
        ("s32", 1, 32),
        ("f32", 3, 32),
        ("f64", 3, 64),
        ("alaw", 6, 8),
        ("mulaw", 7, 8),
    ] {
        let size = bits / 8;
        let data = noise(3 * size * 30_000);
        let file = of_file(&riff(&[fmt(tag, 3, 22_050, bits as u16), chunk(b"data", &data)])).unwrap();
        let swapped: Vec<u8> = data.chunks(size).flat_map(|b| b.iter().rev().copied()).collect();
        let little = of_pcm(&data, &format!("22050,3,{name}")).unwrap();
        assert_eq!(little.decoder, "earprint-pcm");
        assert_eq!((little.id, little.note), (file.id, file.note), "{name}");
        assert!(little.planes == file.planes, "{name}");
        if size > 1 {
            let little = of_pcm(&data, &format!("22050,3,{name}le")).unwrap();
            assert!(of_pcm(&swapped, &format!("22050,3,{name}be")).unwrap() == little, "{name}");
        }
    }
    let odd = of_pcm(&noise(4 * 100 + 3), "48000,2,s16").unwrap();
    assert_eq!(odd.planes[0].len(), 100);
    assert!(odd.note.unwrap().to_string().contains("3 bytes at the end are no whole frame of 4 bytes"));
    assert_eq!(of_pcm(&[], "48000,2,s16").unwrap_err().code(), "E_EMPTY");
    // Less than a frame is nothing.
    assert!(of_pcm(&[1], "48000,2,s16").unwrap().planes[0].is_empty());
    let wav = riff(&[fmt(1, 1, 8000, 16), chunk(b"data", &noise(100))]);
    let error = of_pcm(&wav, "8000,1,s16").unwrap_err();
    assert!(error.code() == "E_MALFORMED" && error.to_string().contains("leave out the format"), "{error}");
    let format = PcmFormat { channels: 65, ..read_format("48000,2,s16") };
    assert_eq!(
        Stream::open_pcm(forward(&[0; 100]), format, &Limits::default(), options()).err().unwrap().code(),
        "E_CHANNELS"
    );
}

/// Gives a header, then the same block for ever, and counts what was taken.
struct Endless {
    head: Cursor<Vec<u8>>,
    taken: u64,
    stop_at: u64,
    stop: Arc<AtomicBool>,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = match self.head.read(out)? {
            0 => {
                out.fill(0x11);
                out.len()
            }
            n => n,
        };
        self.taken += n as u64;
        assert!(self.taken < 100 << 20, "nothing stops it");
        if self.taken >= self.stop_at {
            self.stop.store(true, Ordering::Relaxed);
        }
        Ok(n)
    }
}

impl Seek for Endless {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn endless(head: Vec<u8>, stop_at: u64) -> (Box<Endless>, StreamOptions) {
    let stop = Arc::new(AtomicBool::new(false));
    let options = StreamOptions { identify: true, stop: Some(stop.clone()) };
    (Box::new(Endless { head: Cursor::new(head), taken: 0, stop_at, stop }), options)
}

#[test]
fn a_stream_without_end_is_cut_where_asked_and_stops_when_asked() {
    let header = with_size(&fmt(1, 2, 48_000, 16), &[], u32::MAX);
    let limits = Limits::default();
    let (source, options) = endless(header.clone(), u64::MAX);
    let mut stream = Stream::open_forward(source, None, &limits, options).unwrap();
    assert_eq!(stream.frames_hint(), None);
    stream.end_after(48_000 * 3 / 2);
    let heard = hear(Ok(stream)).unwrap();
    assert_eq!((heard.planes[0].len(), heard.planes[1].len(), heard.id), (72_000, 72_000, None));
    let note = heard.note.unwrap();
    assert_eq!((note.first_ms, note.is_partial()), (Some(1500), false));
    assert_eq!(note.to_string(), "only the first 1.5 s were read, as asked");

    let (source, options) = endless(header, 1 << 20);
    let stopped = hear(Stream::open_forward(source, None, &limits, options)).unwrap_err();
    assert_eq!(stopped, AudioError::Stopped);
    let (source, options) = endless(Vec::new(), 1 << 20);
    let format = read_format("48000,2,s16");
    assert_eq!(hear(Stream::open_pcm(source, format, &limits, options)).unwrap_err(), AudioError::Stopped);
    let (source, options) = endless(Vec::new(), u64::MAX);
    let few = Limits { max_frames: 1_000_000, ..limits };
    assert_eq!(hear(Stream::open_pcm(source, format, &few, options)).unwrap_err().code(), "E_TOO_LARGE");
}

#[test]
fn a_file_that_is_shorter_is_whole() {
    let bytes = riff(&[fmt(1, 1, 8000, 16), chunk(b"data", &noise(2 * 8000))]);
    let cut = |frames| {
        let mut stream = Stream::open_with(Box::new(Cursor::new(bytes.clone())), None, &Limits::default(), options());
        stream.as_mut().unwrap().end_after(frames);
        hear(stream).unwrap()
    };
    assert!(cut(8001) == of_file(&bytes).unwrap());
    assert_eq!(cut(5).planes[0], of_file(&bytes).unwrap().planes[0][..5]);
    assert_eq!((cut(5).id, cut(5).note.unwrap().first_ms), (None, Some(0)));
}

#[cfg(feature = "codecs")]
#[test]
fn containers_that_are_decoded_as_they_come_give_the_samples_of_the_file() {
    let planes: Vec<Vec<i16>> =
        (0..2).map(|c| (0..20_000_i32).map(|i| (i * (37 + c) % 9973) as i16).collect()).collect();
    for (name, bytes) in [("flac", common::flac(44_100, &planes)), ("mp3", common::mp3_silence(40))] {
        let (file, pipe) = (of_file(&bytes).unwrap(), of_pipe(&bytes).unwrap());
        assert!(!file.planes[0].is_empty() && file == pipe, "{name}");
    }
    let error = of_pipe(b"fLaC\0\0\0\x22").unwrap_err();
    assert!(error.code() == "E_MALFORMED" && !error.to_string().contains("18446744073709551615"), "{error}");
}
