//! Machines that go wrong on purpose, around one that does not; and a machine that needs no compiler.

use std::collections::VecDeque;
use std::future::ready;

use earprint_compute::{BackendInfo, ComputeError, Machine, Recording, Room, Ticket, Words};

/// What goes wrong, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Recordings of more bytes are refused when they are submitted.
    NoMemoryAbove(u64),
    /// Recordings of more bytes are taken, and fail when they are collected: as in a browser, which answers late.
    LateNoMemoryAbove(u64),
    /// The device is lost with the recording of this number, from 0: submitted, it never comes back.
    LostAt(u64),
    /// The recording of this number makes the machine panic.
    PanicsAt(u64),
    /// The recording of this number never comes back, and nothing after it.
    HangsAt(u64),
}

/// A machine with a fault.
pub struct Faulty {
    inner: Box<dyn Machine>,
    fault: Fault,
    submitted: u64,
    lost: bool,
    /// Tickets of `inner`, or the error that comes instead.
    under_way: VecDeque<Result<Ticket, ComputeError>>,
}

impl Faulty {
    /// Around `inner`.
    pub fn new(inner: Box<dyn Machine>, fault: Fault) -> Self {
        Self { inner, fault, submitted: 0, lost: false, under_way: VecDeque::new() }
    }

    fn loss(&self) -> ComputeError {
        ComputeError::DeviceLost { backend: self.inner.info().kind.name(), why: "it was told to".to_owned() }
    }
}

impl Machine for Faulty {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    fn room(&self) -> Room {
        self.inner.room()
    }

    fn depth(&self) -> usize {
        2
    }

    fn submit(&mut self, recording: &Recording) -> Result<Ticket, ComputeError> {
        if self.lost {
            return Err(self.loss());
        }
        let (number, bytes) = (self.submitted, recording.device_bytes());
        self.submitted += 1;
        let no_memory = ComputeError::OutOfMemory { backend: self.inner.info().kind.name(), bytes };
        let outcome = match self.fault {
            Fault::NoMemoryAbove(most) if bytes > most => return Err(no_memory),
            Fault::LateNoMemoryAbove(most) if bytes > most => Err(no_memory),
            Fault::LostAt(at) if number == at => {
                self.lost = true;
                Err(self.loss())
            }
            Fault::PanicsAt(at) if number == at => panic!("it was told to"),
            Fault::HangsAt(at) if number == at => loop {
                std::thread::park();
            },
            _ => Ok(self.inner.submit(recording)?),
        };
        self.under_way.push_back(outcome);
        Ok(Ticket(number))
    }

    fn collect(&mut self, _: Ticket) -> Words<'_> {
        match self.under_way.pop_front().expect("a ticket is collected once") {
            Ok(_) if self.lost => Box::pin(ready(Err(self.loss()))),
            Ok(ticket) => self.inner.collect(ticket),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}
