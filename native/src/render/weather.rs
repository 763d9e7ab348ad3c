//! Weather: noise in shapes.

use std::f64::consts::TAU;

use super::Sound;
use super::tape::{LowPass, Resonator, Tape, decay, swell};

pub const SOUNDS: [Sound; 4] = [
    Sound { name: "rain", about: "rain: a hiss and six hundred drops", rate_hz: 44_100, seconds: 6.0, make: rain },
    Sound { name: "surf", about: "three waves on a beach", rate_hz: 22_050, seconds: 10.0, make: surf },
    Sound { name: "thunder", about: "a crack, then rolling thunder", rate_hz: 22_050, seconds: 8.0, make: thunder },
    Sound { name: "wind", about: "wind that whistles round a corner", rate_hz: 22_050, seconds: 8.0, make: wind },
];

fn rain(tape: &mut Tape) {
    let (rate, seconds) = (tape.rate, tape.seconds());
    let mut low = LowPass::default();
    tape.add_noise(0.0, seconds, |_, noise| 0.12 * low.step(noise, 7000.0, rate));
    let mut noise = tape.noise.clone();
    for _ in 0..600 {
        let (at, hz) = (noise.between(0.0, seconds - 0.1), 900.0 * noise.between(0.0, 3.0).exp2());
        let loud = 0.5 * noise.unit().powi(3);
        tape.add(at, 0.03, |t| loud * decay(t, 0.03) * (TAU * hz * t).sin());
    }
}

fn surf(tape: &mut Tape) {
    let (rate, seconds) = (tape.rate, tape.seconds());
    let (mut body, mut foam) = (LowPass::default(), LowPass::default());
    tape.add_noise(0.0, seconds, |t, noise| {
        // A wave grows slowly, breaks, and runs out as foam.
        let x = (t / 3.33).fract();
        let wave = if x < 0.55 { (x / 0.55).powi(3) } else { (-(x - 0.55) * 6.0).exp() };
        wave * body.step(noise, 250.0 + 3500.0 * wave, rate) + 0.05 * foam.step(noise, 900.0, rate)
    });
}

fn thunder(tape: &mut Tape) {
    let (rate, seconds) = (tape.rate, tape.seconds());
    tape.add_noise(0.3, 0.5, |t, noise| 0.5 * decay(t, 0.3) * noise);
    let mut noise = tape.noise.clone();
    for _ in 0..9 {
        let at = noise.between(0.3, 4.0);
        let (loud, length) = (noise.between(0.4, 1.0) * (-(at - 0.3) / 2.5).exp(), noise.between(1.0, 3.0));
        let (mut first, mut second) = (LowPass::default(), LowPass::default());
        let corner = noise.between(60.0, 180.0);
        tape.add_noise(at, length.min(seconds - at), |t, noise| {
            7.0 * loud
                * swell(t, length, 0.08, 0.9 * length)
                * second.step(first.step(noise, corner, rate), corner, rate)
        });
    }
}

fn wind(tape: &mut Tape) {
    let (rate, seconds) = (tape.rate, tape.seconds());
    let (mut whistle, mut low) = (Resonator::default(), LowPass::default());
    tape.add_noise(0.0, seconds, |t, noise| {
        let gust = 0.5 + 0.3 * (TAU * 0.21 * t).sin() + 0.2 * (TAU * 0.53 * t + 1.0).sin();
        let hz = 350.0 + 650.0 * gust;
        // The resonator's gain at its centre grows with hz / width squared; this keeps it level.
        let level = 2.0 * (60.0 / hz);
        swell(t, seconds, 0.5, 0.8)
            * gust
            * (level * whistle.step(noise, hz, 60.0, rate) + low.step(noise, 200.0, rate))
    });
}
