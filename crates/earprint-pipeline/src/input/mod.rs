//! How the inputs of a run are opened: as files, as raw PCM, from a pipe, wholly or their first seconds.

mod pipe;
mod spool;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use earprint_audio::walk::{Outcome, WalkEntry};
use earprint_audio::{AudioError, Limits, PcmFormat, Stream, StreamOptions};

pub use pipe::{PipeReader, Piped};

/// The path of the entry that stands for a [`Piped`] source. A file of this name is `./-`.
pub const PIPED: &str = "-";

/// Code of an input whose pipe was left in the middle of reading, because the run was interrupted: it has no record.
pub const INTERRUPTED: &str = "E_INTERRUPTED";

/// How inputs are opened. The default: files, told by their first bytes, whole.
#[derive(Clone, Debug, Default)]
pub struct InputOptions {
    /// Every input is raw PCM of this format.
    pub pcm: Option<PcmFormat>,
    /// Seconds of each input that are read at most; finite and above 0.
    pub seconds: Option<f64>,
    /// What [`PIPED`] stands for.
    pub piped: Option<Arc<Piped>>,
}

impl InputOptions {
    /// True where every input is a file, told by its bytes, read to its end.
    pub fn is_default(&self) -> bool {
        self.pcm.is_none() && self.seconds.is_none() && self.piped.is_none()
    }

    /// What of these options changes numbers, for keys of results; empty where nothing does.
    pub fn key(&self) -> String {
        let pcm = self.pcm.map_or(String::new(), |format| format!("pcm {format};"));
        let seconds = self.seconds.map_or(String::new(), |s| format!("seconds {s};"));
        pcm + &seconds
    }

    /// The pipe, if this is its entry.
    pub fn piped(&self, entry: &WalkEntry) -> Option<&Piped> {
        self.piped.as_deref().filter(|_| entry.path == Path::new(PIPED))
    }

    /// True where an input came to nothing because its pipe was left when the run was interrupted.
    pub fn interrupted(&self, entry: &WalkEntry) -> bool {
        self.piped(entry).is_some_and(Piped::interrupted)
    }

    /// Opens an input. `bounded`: the caller takes some first seconds of it, however long it is.
    ///
    /// # Errors
    /// As [`Stream::open_path_with`].
    pub fn open(
        &self,
        entry: &WalkEntry,
        bounded: bool,
        limits: &Limits,
        options: StreamOptions,
    ) -> Result<Stream, AudioError> {
        let mut stream = match (self.piped(entry), self.pcm) {
            (Some(pipe), pcm) => pipe.open(pcm, bounded || self.seconds.is_some(), limits, options)?,
            (None, Some(format)) => {
                let what = entry.path.display().to_string();
                let file = File::open(&entry.path).map_err(|error| AudioError::io(what, &error))?;
                Stream::open_pcm(Box::new(file), format, limits, options)?
            }
            (None, None) => Stream::open_path_with(&entry.path, limits, options)?,
        };
        if let Some(seconds) = self.seconds {
            let frames = (seconds * f64::from(stream.rate_hz())).ceil();
            stream.end_after((frames as u64).max(1));
        }
        Ok(stream)
    }
}

/// The entry of a pipe, called `name` in records and output files. It is new at every run, so that no result of another
/// run is taken for it.
pub fn piped_entry(name: &str) -> WalkEntry {
    WalkEntry {
        path: PIPED.into(),
        relative: name.to_owned(),
        bytes: 0,
        modified: Some(std::time::SystemTime::now()),
        outcome: Outcome::Audio,
    }
}
