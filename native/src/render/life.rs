//! Voices of people and animals.

use std::f64::consts::TAU;

use super::Sound;
use super::tape::{Phase, Resonator, Tape, decay, swell};

pub const SOUNDS: [Sound; 5] = [
    Sound {
        name: "birds",
        about: "two birds that answer each other, 2.5 to 7 kHz",
        rate_hz: 44_100,
        seconds: 6.0,
        make: birds,
    },
    Sound {
        name: "crickets",
        about: "crickets, pulses at 4.6 and 5.2 kHz",
        rate_hz: 22_050,
        seconds: 5.0,
        make: crickets,
    },
    Sound { name: "heart", about: "heartbeat, 72 a minute", rate_hz: 22_050, seconds: 5.0, make: heart },
    Sound {
        name: "vowels",
        about: "the vowels i e a o u: pulses through formants, an s between them",
        rate_hz: 22_050,
        seconds: 5.0,
        make: vowels,
    },
    Sound {
        name: "whale",
        about: "whale-like moans, gliding and far away",
        rate_hz: 22_050,
        seconds: 9.0,
        make: whale,
    },
];

fn birds(tape: &mut Tape) {
    let rate = tape.rate;
    let mut noise = tape.noise.clone();
    let mut at = 0.2;
    while at < 5.5 {
        let high = noise.unit() > 0.5;
        let notes = if high { 5 } else { 3 };
        let (from, to, length) = if high { (6800.0, 4300.0, 0.07) } else { (2600.0, 3600.0, 0.14) };
        let loud = if high { 0.6 } else { 1.0 };
        for note in 0..notes {
            let (shift, mut phase) = (noise.between(0.95, 1.05), Phase::default());
            tape.add(at, length, |t| {
                let x = t / length;
                let hz = shift * (from + (to - from) * x + 250.0 * (TAU * (2.0 + f64::from(note % 2)) * x).sin());
                loud * swell(t, length, 0.02, 0.03) * phase.step(hz, rate).sin()
            });
            at += length + 0.04;
        }
        at += noise.between(0.15, 0.5);
    }
}

fn crickets(tape: &mut Tape) {
    for (hz, loud, every, first) in [(4600.0, 1.0, 0.42, 0.1), (5200.0, 0.35, 0.57, 0.25)] {
        let mut at = first;
        while at < 4.8 {
            for pulse in 0..4 {
                let length = 0.022;
                tape.add(at + 0.032 * f64::from(pulse), length, |t| {
                    loud * swell(t, length, 0.008, 0.01) * (TAU * hz * t).sin()
                });
            }
            at += every;
        }
    }
}

fn heart(tape: &mut Tape) {
    for beat in 0..6 {
        let at = 0.15 + 60.0 / 72.0 * f64::from(beat);
        tape.add(at, 0.2, |t| decay(t, 0.25) * (TAU * 48.0 * t).sin());
        tape.add(at + 0.3, 0.16, |t| 0.7 * decay(t, 0.18) * (TAU * 66.0 * t).sin());
    }
}

/// Pulses of the voice through three resonators in a row (Klatt 1980); formants: men's averages of Peterson and Barney
/// 1952.
fn vowels(tape: &mut Tape) {
    let rate = tape.rate;
    let vowels = [
        [270.0, 2290.0, 3010.0],
        [530.0, 1840.0, 2480.0],
        [730.0, 1090.0, 2440.0],
        [570.0, 840.0, 2410.0],
        [300.0, 870.0, 2240.0],
    ];
    for (i, formants) in vowels.into_iter().enumerate() {
        let at = 0.1 + 0.98 * i as f64;
        let (mut pitch, mut before, mut filters) = (0.0, 0.0, [(); 3].map(|()| Resonator::default()));
        let length = 0.72;
        tape.add(at, length, |t| {
            pitch += (132.0 - 30.0 * t) / rate;
            let pulse = if pitch >= 1.0 { 1.0 } else { 0.0 };
            pitch -= pulse;
            let mut y = pulse;
            for (filter, (hz, width)) in filters.iter_mut().zip(formants.into_iter().zip([70.0, 100.0, 150.0])) {
                y = filter.step(y, hz, width, rate);
            }
            // Lips radiate the change of the flow.
            let change = y - before;
            before = y;
            swell(t, length, 0.06, 0.12) * change
        });
        let mut hiss = Resonator::default();
        tape.add_noise(at + 0.78, 0.14, |t, noise| {
            0.005 * swell(t, 0.14, 0.04, 0.05) * hiss.step(noise, 6200.0, 1500.0, rate)
        });
    }
}

fn whale(tape: &mut Tape) {
    let rate = tape.rate;
    let moans: [(f64, f64, f64, f64); 3] =
        [(0.3, 2.4, 210.0, 420.0), (3.1, 2.6, 520.0, 130.0), (6.0, 2.2, 160.0, 330.0)];
    for (at, length, from, to) in moans {
        for (late, loud) in [(0.0, 1.0), (0.35, 0.2)] {
            let mut phase = Phase::default();
            tape.add(at + late, length, |t| {
                let x = t / length;
                let glide = from * (to / from).powf(x * x * (3.0 - 2.0 * x));
                let turn = phase.step(glide * (1.0 + 0.012 * (TAU * 4.0 * t).sin()), rate);
                let voice: f64 = (1..=6).map(|k| (f64::from(k) * turn).sin() / f64::from(k * k).sqrt().powf(1.4)).sum();
                loud * swell(t, length, 0.5, 0.8) * voice
            });
        }
    }
    let seconds = tape.seconds();
    tape.add_noise(0.0, seconds, |_, noise| 0.002 * noise);
}
