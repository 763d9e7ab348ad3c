//! [`Tracks`]: from a file that JavaScript holds to its record, step by step.
//!
//! Enters: a function that hands out bytes of a file, and the file's name. Leaves: the record of the command, as its JSON.
//! The corridor is `earprint_pipeline::tracks::describe`, as everywhere; here it pauses after each segment (12 s of sound),
//! so that whoever drives it hears an abort, and can be asked something else, between two steps. Of a file there are
//! never more bytes in here than a decoder asked for, so memory does not depend on its length.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use earprint_audio::{Limits, PlanarStream, Stream, StreamOptions};
use earprint_core::TRACK_RATE_HZ;
use earprint_features::OwnedSegment;
use earprint_pipeline::tracks::{Clock, CpuRows, Made, RowMaker, SEGMENT_FRAMES, StageTimes, describe, record};
use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::error;
use crate::source::Handed;

/// Frames of a segment: half of the command's, so that a step ends within a tenth of a second. No number depends on it.
const FRAMES: usize = SEGMENT_FRAMES / 2;

/// The kernels of tracks with their tables, which serve one track after another.
#[wasm_bindgen]
#[derive(Default)]
pub struct Tracks {
    rows: Rc<Cell<Option<CpuRows>>>,
}

#[wasm_bindgen]
impl Tracks {
    /// With the CPU's kernels.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins with a file of `bytes` bytes. `read(at, length)` returns those from `at` on as `Uint8Array`, fewer where the
    /// file ends, and throws what keeps it from that. `path` is what the record calls the file; its extension is a hint.
    pub fn begin(&self, path: String, bytes: f64, read: Function) -> Describing {
        let source = Handed::new(bytes as u64, read);
        Describing { future: Some(Box::pin(walk(path, source, self.rows.clone()))) }
    }
}

/// What ends with the record as JSON.
type Walk = Pin<Box<dyn Future<Output = Result<String, JsValue>>>>;

/// A track on its way. Freed early, it leaves nothing behind.
#[wasm_bindgen]
pub struct Describing {
    future: Option<Walk>,
}

#[wasm_bindgen]
impl Describing {
    /// Goes on by one segment. Returns undefined, and at the end the record as JSON.
    ///
    /// # Errors
    /// The codes of `AudioError`; `E_BUSY` once it has ended.
    pub fn step(&mut self) -> Result<Option<String>, JsValue> {
        let Some(future) = &mut self.future else {
            return Err(error::coded("E_BUSY", "the track has ended; expected no further step"));
        };
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => Ok(None),
            Poll::Ready(done) => {
                self.future = None;
                done.map(Some)
            }
        }
    }
}

async fn walk(path: String, source: Handed, home: Rc<Cell<Option<CpuRows>>>) -> Result<String, JsValue> {
    let options = StreamOptions { identify: true, stop: None };
    let hint = Path::new(&path).extension().and_then(|e| e.to_str());
    let mut maker = Pausing(home.take().unwrap_or_default());
    let opened = Stream::open_with(Box::new(source), hint, &Limits::default(), options);
    let described = match opened.and_then(|stream| PlanarStream::new(stream, TRACK_RATE_HZ)) {
        Ok(stream) => describe(stream, FRAMES, &mut maker, Clock::Absent, &mut StageTimes::default()).await,
        Err(e) => Err(e),
    };
    home.set(Some(maker.0));
    let described = described.map_err(|e| error::coded(e.code(), &e.to_string()))?;
    Ok(serde_json::to_string(&record(path, described)).expect("a record is JSON"))
}

/// The CPU's rows, with a pause before each segment is handed back.
struct Pausing(CpuRows);

impl RowMaker for Pausing {
    fn depth(&self) -> usize {
        self.0.depth()
    }

    fn submit(&mut self, segment: OwnedSegment) {
        self.0.submit(segment);
    }

    fn collect(&mut self) -> Pin<Box<dyn Future<Output = Made> + '_>> {
        Box::pin(async {
            let mut paused = false;
            poll_fn(|_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending }).await;
            self.0.collect().await
        })
    }

    fn recycle(&mut self, rows: Vec<f32>) {
        self.0.recycle(rows);
    }
}
