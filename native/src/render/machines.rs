//! Machines, one of them with a leak.

use std::f64::consts::TAU;

use super::Sound;
use super::tape::{LowPass, Phase, Resonator, Tape, decay};

pub const SOUNDS: [Sound; 4] = [
    Sound { name: "clock", about: "a clock, two ticks a second", rate_hz: 44_100, seconds: 4.0, make: clock },
    Sound {
        name: "engine",
        about: "an engine that speeds up and slows down",
        rate_hz: 22_050,
        seconds: 7.0,
        make: engine,
    },
    Sound { name: "pump", about: "a pump: hum of 49.5 Hz with overtones", rate_hz: 22_050, seconds: 8.0, make: pump },
    Sound {
        name: "pump-leak",
        about: "the same pump; from 3 s on water leaks, a hiss at 0.7 to 1.8 kHz",
        rate_hz: 22_050,
        seconds: 8.0,
        make: pump_leak,
    },
];

fn clock(tape: &mut Tape) {
    for tick in 0..8 {
        let (at, hz) = (0.2 + 0.5 * f64::from(tick), if tick % 2 == 0 { 3100.0 } else { 2400.0 });
        tape.add_noise(at, 0.06, |t, noise| {
            decay(t, 0.05) * ((TAU * hz * t).sin() + 0.5 * (TAU * 2.31 * hz * t).sin()) + 0.6 * decay(t, 0.01) * noise
        });
    }
}

fn engine(tape: &mut Tape) {
    let (rate, seconds) = (tape.rate, tape.seconds());
    let (mut phase, mut low) = (Phase::default(), LowPass::default());
    tape.add_noise(0.0, seconds, |t, noise| {
        let x = t / seconds;
        let firing = 28.0 + 62.0 * (TAU / 2.0 * x).sin().powi(2);
        let turn = phase.step(firing, rate);
        let fire: f64 = (1..=24).map(|k| (f64::from(k) * turn + f64::from(k * k)).sin() / f64::from(k).powf(0.9)).sum();
        fire + (0.5 + 0.5 * turn.sin()) * low.step(noise, 1200.0, rate)
    });
}

fn pump(tape: &mut Tape) {
    let (rate, seconds) = (tape.rate, tape.seconds());
    let mut low = LowPass::default();
    tape.add_noise(0.0, seconds, |t, noise| {
        let hum: f64 =
            [(1.0, 1.0), (2.0, 0.7), (3.0, 0.2), (4.0, 0.3), (6.0, 0.35), (8.0, 0.1), (12.0, 0.08), (18.0, 0.04)]
                .into_iter()
                .map(|(k, loud)| loud * (TAU * 49.5 * k * t + k).sin())
                .sum();
        hum * (1.0 + 0.05 * (TAU * 1.3 * t).sin()) + 0.15 * low.step(noise, 400.0, rate)
    });
}

fn pump_leak(tape: &mut Tape) {
    pump(tape);
    let rate = tape.rate;
    let (mut first, mut second, mut flutter) = (Resonator::default(), Resonator::default(), LowPass::default());
    let mut slow = tape.noise.clone();
    tape.add_noise(3.0, 5.0, |t, noise| {
        let level = 1.0 + 25.0 * flutter.step(slow.signed(), 4.0, rate);
        let hiss = 0.06 * first.step(noise, 850.0, 400.0, rate) + 0.12 * second.step(noise, 1500.0, 600.0, rate);
        (t / 0.4).min(1.0) * level * hiss
    });
}
