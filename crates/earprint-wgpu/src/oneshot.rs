//! One value from a callback to a future: wgpu reports a finished mapping through a callback.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

struct Shared<T> {
    value: Option<T>,
    waker: Option<Waker>,
}

/// Half that waits.
pub(crate) struct Receiver<T>(Arc<Mutex<Shared<T>>>);

/// A function that delivers the value, and the future that receives it.
pub(crate) fn oneshot<T>() -> (impl FnOnce(T), Receiver<T>) {
    let shared = Arc::new(Mutex::new(Shared { value: None, waker: None }));
    let from = shared.clone();
    let send = move |value| {
        let waker = {
            let mut s = from.lock().unwrap_or_else(PoisonError::into_inner);
            s.value = Some(value);
            s.waker.take()
        };
        if let Some(w) = waker {
            w.wake();
        }
    };
    (send, Receiver(shared))
}

impl<T> Receiver<T> {
    /// True once the value is there.
    pub fn is_ready(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).value.is_some()
    }
}

impl<T> Future for Receiver<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut s = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match s.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                s.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_sent_later_wakes_the_one_who_waits() {
        let (send, receiver) = oneshot();
        assert!(!receiver.is_ready());
        let sender = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            send(7);
        });
        assert_eq!(pollster::block_on(receiver), 7);
        sender.join().unwrap();
    }
}
