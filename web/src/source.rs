//! A file that stays in JavaScript, as a decoder wants it: bytes from any place, when it asks for them.

use std::cell::RefCell;
use std::io::{Error, Read, Result, Seek, SeekFrom};

use js_sys::{Function, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

thread_local! {
    /// The functions of the open ones. A value of JavaScript belongs to its thread, a source must be free to move: so it
    /// carries a number.
    static READERS: RefCell<Vec<Option<Function>>> = const { RefCell::new(Vec::new()) };
}

/// An open one.
pub(crate) struct Handed {
    reader: usize,
    bytes: u64,
    at: u64,
}

impl Handed {
    /// Of `bytes` bytes. `read(at, length)` returns a `Uint8Array` of at most `length` bytes, empty at the end.
    pub fn new(bytes: u64, read: Function) -> Self {
        READERS.with_borrow_mut(|all| {
            let reader = all.iter().position(Option::is_none).unwrap_or_else(|| {
                all.push(None);
                all.len() - 1
            });
            all[reader] = Some(read);
            Self { reader, bytes, at: 0 }
        })
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        READERS.with_borrow_mut(|all| all[self.reader] = None);
    }
}

impl Read for Handed {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let read = READERS.with_borrow(|all| all.get(self.reader).cloned().flatten());
        let read = read.ok_or_else(|| Error::other("the file was opened on another thread"))?;
        let given = read
            .call2(&JsValue::NULL, &(self.at as f64).into(), &(out.len() as f64).into())
            .map_err(|thrown| Error::other(words(&thrown)))?;
        let given: Uint8Array = given.dyn_into().map_err(|_| Error::other("the reader returned no Uint8Array"))?;
        let n = (given.length() as usize).min(out.len());
        given.subarray(0, n as u32).copy_to(&mut out[..n]);
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Handed {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| Error::other("a place before the first byte"))?;
        Ok(self.at)
    }
}

fn words(thrown: &JsValue) -> String {
    let message = thrown.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    message.unwrap_or_else(|| format!("{thrown:?}"))
}
