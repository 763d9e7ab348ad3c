//! Panic text on stderr: only of panics that nothing contains.

use std::panic::{set_hook, take_hook};

/// A third-party decoder that panics is an error of its file, told in the file's record. The default hook would print a
/// report besides, on stderr and with `-q` too.
pub fn stay_silent_where_contained() {
    let report = take_hook();
    set_hook(Box::new(move |info| {
        if !earprint_audio::panic_is_contained() {
            report(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Result, Seek, SeekFrom};
    use std::panic::{catch_unwind, set_hook};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use earprint_audio::{Limits, PlanarStream, Stream, wav::write_i16_mono};

    static REPORTS: AtomicU32 = AtomicU32::new(0);

    /// A WAV file whose reading panics once armed.
    struct Trap(Cursor<Vec<u8>>, Arc<AtomicBool>);

    impl Read for Trap {
        fn read(&mut self, out: &mut [u8]) -> Result<usize> {
            assert!(!self.1.load(Ordering::Relaxed), "a decoder's broken promise");
            self.0.read(out)
        }
    }

    impl Seek for Trap {
        fn seek(&mut self, to: SeekFrom) -> Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn only_a_panic_that_nothing_contains_is_reported() {
        set_hook(Box::new(|_| {
            REPORTS.fetch_add(1, Ordering::Relaxed);
        }));
        super::stay_silent_where_contained();
        let armed = Arc::new(AtomicBool::new(false));
        let trap = Trap(Cursor::new(write_i16_mono(44_100, &[1; 500])), armed.clone());
        let stream = Stream::open(Box::new(trap), None, &Limits::default()).expect("a WAV file");
        let mut stream = PlanarStream::new(stream, 44_100).expect("its own rate");
        armed.store(true, Ordering::Relaxed);
        assert_eq!(stream.next_block().expect_err("it panics").code(), "E_DECODER_PANICKED");
        assert_eq!(REPORTS.load(Ordering::Relaxed), 0);
        assert!(catch_unwind(|| panic!("loud")).is_err());
        assert_eq!(REPORTS.load(Ordering::Relaxed), 1);
    }
}
