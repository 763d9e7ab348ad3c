//! Instruments.

use std::f64::consts::TAU;

use super::Sound;
use super::tape::{Phase, Tape, decay, swell};

pub const SOUNDS: [Sound; 5] = [
    Sound {
        name: "bell",
        about: "struck bell, inharmonic partials (Risset 1969)",
        rate_hz: 44_100,
        seconds: 7.0,
        make: bell,
    },
    Sound {
        name: "chords",
        about: "four chords, C major, A minor, F major, G major",
        rate_hz: 22_050,
        seconds: 6.0,
        make: chords,
    },
    Sound {
        name: "drums",
        about: "drum loop at 120 beats a minute: kick, snare, hi-hat",
        rate_hz: 44_100,
        seconds: 6.0,
        make: drums,
    },
    Sound {
        name: "strings",
        about: "plucked strings E A D G B E (Karplus and Strong 1983)",
        rate_hz: 44_100,
        seconds: 6.0,
        make: strings,
    },
    Sound {
        name: "vibrato",
        about: "bowed tone at 440 Hz, vibrato of 5.5 Hz that grows",
        rate_hz: 44_100,
        seconds: 5.0,
        make: vibrato,
    },
];

/// Partials of Risset's bell: frequency ratio, beat in Hz, amplitude, duration as a part of the whole.
fn bell(tape: &mut Tape) {
    let partials = [
        (0.56, 0.0, 1.0, 1.0),
        (0.56, 1.0, 0.67, 0.9),
        (0.92, 0.0, 1.0, 0.65),
        (0.92, 1.7, 1.8, 0.55),
        (1.19, 0.0, 2.67, 0.325),
        (1.7, 0.0, 1.67, 0.35),
        (2.0, 0.0, 1.46, 0.25),
        (2.74, 0.0, 1.33, 0.2),
        (3.0, 0.0, 1.33, 0.15),
        (3.76, 0.0, 1.0, 0.1),
        (4.07, 0.0, 1.33, 0.075),
    ];
    for (ratio, beat, loud, part) in partials {
        tape.add(0.1, 6.9, |t| loud * decay(t, 6.5 * part) * (TAU * (700.0 * ratio + beat) * t).sin());
    }
}

fn chords(tape: &mut Tape) {
    // MIDI note numbers.
    let chords = [[48, 60, 64, 67], [45, 60, 64, 69], [41, 60, 65, 69], [43, 59, 62, 67]];
    for (i, chord) in chords.into_iter().enumerate() {
        for note in chord {
            let hz = 440.0 * ((f64::from(note) - 69.0) / 12.0).exp2();
            tape.add(1.5 * i as f64, 1.5, |t| {
                (1..=6).map(|k| decay(t, 3.0 / f64::from(k)) / f64::from(k) * (TAU * hz * f64::from(k) * t).sin()).sum()
            });
        }
    }
}

fn drums(tape: &mut Tape) {
    let rate = tape.rate;
    for beat in 0..12 {
        let at = 0.5 * f64::from(beat);
        if beat % 2 == 0 {
            let mut phase = Phase::default();
            tape.add(at, 0.4, |t| 1.2 * decay(t, 0.4) * phase.step(48.0 + 130.0 * decay(t, 0.15), rate).sin());
        } else {
            tape.add_noise(at, 0.3, |t, noise| {
                0.5 * decay(t, 0.25) * noise + 0.5 * decay(t, 0.2) * (TAU * 190.0 * t).sin()
            });
        }
        for half in [0.0, 0.25] {
            // The difference of two samples of noise is bright.
            let (mut before, open) = (0.0, if half > 0.0 && beat % 4 == 3 { 0.3 } else { 0.07 });
            tape.add_noise(at + half, open, |t, noise| {
                let bright = noise - before;
                before = noise;
                0.25 * decay(t, open) * bright
            });
        }
    }
}

/// K. Karplus, A. Strong, "Digital synthesis of plucked-string and drum timbres", Computer Music Journal 7 (1983): noise
/// goes round in a delay line and is averaged with its neighbour on the way.
fn strings(tape: &mut Tape) {
    let rate = tape.rate;
    for (i, hz) in [82.41, 110.0, 146.83, 196.0, 246.94, 329.63].into_iter().enumerate() {
        let length = (rate / hz - 0.5).round() as usize;
        let mut line: Vec<f64> = (0..length).map(|_| tape.noise.signed()).collect();
        let mut at = 0;
        let begin = 0.1 + 0.5 * i as f64;
        tape.add(begin, 6.0 - begin, |_| {
            let out = line[at];
            let next = (at + 1) % length;
            line[at] = 0.998 * 0.5 * (out + line[next]);
            at = next;
            out
        });
    }
}

fn vibrato(tape: &mut Tape) {
    let (rate, seconds) = (tape.rate, tape.seconds());
    let mut phase = Phase::default();
    tape.add_noise(0.0, seconds, |t, noise| {
        let depth = 0.025 * (t / seconds);
        let turn = phase.step(440.0 * (1.0 + depth * (TAU * 5.5 * t).sin()), rate);
        let tone: f64 = (1..=14).map(|k| (f64::from(k) * turn).sin() / f64::from(k).powf(1.2)).sum();
        swell(t, seconds, 0.3, 0.6) * (tone + 0.005 * noise)
    });
}
