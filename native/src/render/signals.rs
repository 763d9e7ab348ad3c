//! Sounds of measurement and of telling.

use std::f64::consts::TAU;

use super::Sound;
use super::tape::{Phase, Tape, decay};

pub const SOUNDS: [Sound; 6] = [
    Sound {
        name: "chirp",
        about: "sine sweep, 50 Hz to 10 kHz, a straight line on a logarithmic axis",
        rate_hz: 44_100,
        seconds: 5.0,
        make: chirp,
    },
    Sound {
        name: "dial",
        about: "telephone keys 0 1 2 3 5 8, two tones each (ITU-T Q.23)",
        rate_hz: 22_050,
        seconds: 3.0,
        make: dial,
    },
    Sound {
        name: "morse",
        about: "the word earprint in Morse code at 700 Hz",
        rate_hz: 22_050,
        seconds: 7.0,
        make: morse,
    },
    Sound {
        name: "shepard",
        about: "octaves that rise without end (Shepard 1964)",
        rate_hz: 44_100,
        seconds: 8.0,
        make: shepard,
    },
    Sound {
        name: "siren",
        about: "siren between 550 and 1250 Hz, with overtones",
        rate_hz: 22_050,
        seconds: 5.0,
        make: siren,
    },
    Sound {
        name: "sonar",
        about: "sonar pings at 1.5 kHz and their echoes",
        rate_hz: 22_050,
        seconds: 6.0,
        make: sonar,
    },
];

/// Farina 2000: the frequency grows by the same factor every second.
fn chirp(tape: &mut Tape) {
    let (low, high, seconds) = (50.0, 10_000.0_f64, tape.seconds());
    let k = (high / low).ln();
    tape.add(0.0, seconds, |t| (TAU * low * seconds / k * ((t / seconds * k).exp() - 1.0)).sin());
}

fn dial(tape: &mut Tape) {
    let keys = [(941.0, 1336.0), (697.0, 1209.0), (697.0, 1336.0), (697.0, 1477.0), (770.0, 1336.0), (852.0, 1336.0)];
    for (i, (low, high)) in keys.into_iter().enumerate() {
        tape.add(0.15 + 0.46 * i as f64, 0.28, |t| (TAU * low * t).sin() + (TAU * high * t).sin());
    }
}

fn morse(tape: &mut Tape) {
    // e a r p r i n t; a dot lasts 0.1 s, gaps of 1 and 3 dots.
    let (dot, mut at) = (0.1, 0.3);
    for letter in [".", ".-", ".-.", ".--.", ".-.", "..", "-.", "-"] {
        for sign in letter.chars() {
            let length = if sign == '.' { dot } else { 3.0 * dot };
            tape.add(at, length, |t| (TAU * 700.0 * t).sin());
            at += length + dot;
        }
        at += 2.0 * dot;
    }
}

fn shepard(tape: &mut Tape) {
    let (rate, seconds) = (tape.rate, tape.seconds());
    let octaves = 9.0;
    for i in 0..9 {
        let mut phase = Phase::default();
        tape.add(0.0, seconds, |t| {
            let octave = (f64::from(i) + t / 4.0) % octaves;
            let loudness = (-((octave - 4.5) / 1.3).powi(2) / 2.0).exp();
            loudness * phase.step(27.5 * octave.exp2(), rate).sin()
        });
    }
}

fn siren(tape: &mut Tape) {
    let (rate, seconds) = (tape.rate, tape.seconds());
    let mut phase = Phase::default();
    tape.add(0.0, seconds, |t| {
        let turn = phase.step(900.0 - 350.0 * (TAU * 0.4 * t).cos(), rate);
        turn.sin() + 0.35 * (2.0 * turn).sin() + 0.25 * (3.0 * turn).sin() + 0.1 * (5.0 * turn).sin()
    });
}

fn sonar(tape: &mut Tape) {
    for ping in 0..3 {
        let at = 0.2 + 2.0 * f64::from(ping);
        for (late, loud) in [(0.0, 1.0), (0.55, 0.25), (0.9, 0.1), (1.45, 0.05)] {
            tape.add(at + late, 0.9, |t| loud * decay(t, 0.5) * (TAU * 1500.0 * t).sin());
        }
    }
    let seconds = tape.seconds();
    tape.add_noise(0.0, seconds, |_, noise| 0.0005 * noise);
}
