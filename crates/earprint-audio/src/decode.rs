//! A whole file into one [`Clip`]: the stream, collected.

use std::cell::Cell;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::clip::{Clip, Samples};
use crate::error::AudioError;
use crate::limits::Limits;
use crate::stream::Stream;

/// Decodes a complete file held in memory (`Vec<u8>`, `Arc<[u8]>`, `&'static [u8]`).
///
/// The container is told by its bytes; `hint` is a file extension and serves only streams without
/// magic bytes. A file that breaks off or is damaged midway gives the part that could be decoded,
/// with a [`crate::Note`].
///
/// # Errors
/// Everything [`AudioError`] lists; [`AudioError::Empty`] for a file without a single frame.
///
/// ```
/// use earprint_audio::{Limits, Mono, decode, wav::write_i16_mono};
/// let clip = decode(write_i16_mono(48_000, &[1, 2, 3]), None, &Limits::default())?;
/// assert_eq!((clip.rate_hz, clip.decoder), (48_000, "earprint-wav"));
/// assert_eq!(clip.into_mono(), Mono::I16(vec![1, 2, 3]));
/// # Ok::<(), earprint_audio::AudioError>(())
/// ```
pub fn decode<B>(bytes: B, hint: Option<&str>, limits: &Limits) -> Result<Clip, AudioError>
where
    B: AsRef<[u8]> + Send + Sync + 'static,
{
    collect(Stream::open(Box::new(Cursor::new(bytes)), hint, limits)?, limits)
}

/// As [`decode`], with a second net: any panic on the way becomes
/// [`AudioError::DecoderPanicked`]. [`Stream`] already catches those of third-party decoders; this
/// one is for batches that must outlive our own mistakes too. Where panics abort (wasm) it is
/// [`decode`].
///
/// # Errors
/// As [`decode`].
pub fn decode_guarded<B>(bytes: B, hint: Option<&str>, limits: &Limits) -> Result<Clip, AudioError>
where
    B: AsRef<[u8]> + Send + Sync + 'static,
{
    guard("earprint-audio", || decode(bytes, hint, limits))
}

/// Decodes a file by its path without holding the encoded bytes in memory.
///
/// # Errors
/// As [`decode`], and [`AudioError::Io`] with the path.
#[cfg(not(target_family = "wasm"))]
pub fn decode_path(path: &std::path::Path, limits: &Limits) -> Result<Clip, AudioError> {
    guard("earprint-audio", || collect(Stream::open_path(path, limits)?, limits))
}

thread_local! {
    /// Guarded calls this thread is inside of.
    static GUARDS: Cell<u32> = const { Cell::new(0) };
}

/// Whether a panic of the current thread would become an [`AudioError::DecoderPanicked`]. A program's panic hook can ask
/// this and print nothing; the default hook prints before the panic is contained.
pub fn panic_is_contained() -> bool {
    GUARDS.get() > 0
}

/// Runs `f`; a panic in it becomes an error. The state `f` worked on must not be used afterwards.
pub(crate) fn guard<T>(decoder: &'static str, f: impl FnOnce() -> Result<T, AudioError>) -> Result<T, AudioError> {
    GUARDS.set(GUARDS.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(f));
    GUARDS.set(GUARDS.get() - 1);
    done.unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_string());
        Err(AudioError::DecoderPanicked { decoder, message })
    })
}

fn collect(mut stream: Stream, limits: &Limits) -> Result<Clip, AudioError> {
    // Only our own WAV parser has compared the announced length with the bytes that are there.
    let exact = (stream.decoder() == crate::wav::DECODER).then(|| stream.frames_hint()).flatten();
    let mut samples: Option<Samples> = None;
    while let Some(block) = stream.next_samples()? {
        samples = Some(match (samples.take(), block) {
            (Some(Samples::I16(mut all)), Samples::I16(block)) => {
                append(&mut all, &block, None, limits)?;
                Samples::I16(all)
            }
            (Some(Samples::F32(mut all)), Samples::F32(block)) => {
                append(&mut all, &block, None, limits)?;
                Samples::F32(all)
            }
            (_, Samples::I16(block)) => {
                let mut all = vec![Vec::new(); block.len()];
                append(&mut all, &block, exact, limits)?;
                Samples::I16(all)
            }
            (_, Samples::F32(block)) => {
                let mut all = vec![Vec::new(); block.len()];
                append(&mut all, &block, exact, limits)?;
                Samples::F32(all)
            }
        });
    }
    let samples = samples.ok_or(AudioError::Empty { what: "the file holds 0 frames" })?;
    Ok(Clip { rate_hz: stream.rate_hz(), samples, decoder: stream.decoder(), note: stream.note() })
}

/// Appends a block; `exact` is the total number of frames where it is known beyond doubt.
fn append<T: Copy>(
    all: &mut [Vec<T>],
    block: &[Vec<T>],
    exact: Option<u64>,
    limits: &Limits,
) -> Result<(), AudioError> {
    let (Some(plane), Some(more)) = (all.first(), block.first()) else { return Ok(()) };
    let frames = (plane.len() as u64 + more.len() as u64).max(exact.unwrap_or(0));
    limits.check_clip_bytes(frames.saturating_mul((all.len() * size_of::<T>()) as u64))?;
    for (plane, more) in all.iter_mut().zip(block) {
        let reserved = match exact {
            Some(_) => plane.try_reserve_exact(frames as usize),
            None => plane.try_reserve(more.len()),
        };
        reserved.map_err(|_| AudioError::OutOfMemory { bytes: frames * size_of::<T>() as u64 })?;
        plane.extend_from_slice(more);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let error = guard::<()>("some-decoder", || panic!("index 7")).unwrap_err();
        assert_eq!(error, AudioError::DecoderPanicked { decoder: "some-decoder", message: "index 7".into() });
        assert_eq!(error.code(), "E_DECODER_PANICKED");
    }

    #[test]
    fn a_panic_is_contained_inside_of_guards_only() {
        assert!(!panic_is_contained());
        let nested = || guard::<bool>("inner", || panic!("inner")).or(Ok(panic_is_contained()));
        assert_eq!(guard("outer", nested), Ok(true));
        assert!(!panic_is_contained());
    }
}
