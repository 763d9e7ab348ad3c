//! The descriptor on signals whose numbers are known beforehand. What cannot be known is NaN with a reason, never a constant.

use earprint_core::{DIMENSIONS, Descriptor, TRACK_DIMENSIONS, Why, dim};
use earprint_tests::track::{clicks, mono, noise, numbers, sine, table, value};

#[track_caller]
fn near(d: &Descriptor, index: usize, want: f64, within: f64) {
    let got = value(d, index);
    let name = TRACK_DIMENSIONS[index].name;
    assert!((got - want).abs() <= within, "{name}: got {got}, want {want} +- {within} ({:?})", d.why[index]);
}

#[test]
fn pure_tones_over_five_octaves() {
    // A2 to A6 and notes between: centroid on the tone, the tone's pitch class alone, steady pitch, all harmonic.
    for (midi, hz) in (45..=93).step_by(6).map(|m| (m, 440.0 * 2_f64.powf((f64::from(m) - 69.0) / 12.0))) {
        let n = numbers(&[sine(hz, 0.5, 4.0)]);
        let d = &n.descriptor;
        near(d, dim::CENTROID, hz, 2.0);
        near(d, dim::ROLLOFF, hz, 16.2);
        // The frames at both ends hold half a tone: they move a cent or two.
        near(d, dim::PITCH_STABILITY, 1.0, 0.01);
        assert!(value(d, dim::HARMONIC_RATIO) > 0.95, "{hz}: {}", value(d, dim::HARMONIC_RATIO));
        assert!(value(d, dim::FLATNESS) < 1e-4);
        assert!(value(d, dim::CHROMA_CONCENTRATION) > 0.7, "{hz}: {}", value(d, dim::CHROMA_CONCENTRATION));
        let chroma = n.table.chroma.expect("a tone has chroma");
        let best = (0..12).max_by(|&a, &b| chroma[a].total_cmp(&chroma[b])).unwrap();
        assert_eq!(best, midi as usize % 12, "{hz} Hz: {chroma:?}");
        // 20 lg(0.5 / rms) of a sine.
        near(d, dim::CREST, 3.0103, 0.01);
        near(d, dim::ONSET_RATE, 0.0, 0.51);
    }
}

#[test]
fn mistuned_tones_keep_their_class_and_tell_their_tuning() {
    for cents in [-40.0, -25.0, -10.0, 0.0, 10.0, 25.0, 40.0_f64] {
        let base = 440.0 * 2_f64.powf(cents / 1200.0);
        let chord: Vec<f32> = [0.0, 4.0, 7.0]
            .map(|s: f64| sine(base * 2_f64.powf(s / 12.0), 0.2, 4.0))
            .into_iter()
            .reduce(|a, b| a.iter().zip(&b).map(|(x, y)| x + y).collect())
            .unwrap();
        let t = table(&[chord]);
        let got = f64::from(t.tuning.expect("a chord has a tuning"));
        assert!((got - cents).abs() < 5.0, "tuning: got {got}, want {cents}");
        assert_eq!((t.key.as_deref(), t.mode.as_deref()), (Some("A"), Some("major")), "{cents} cents");
    }
}

#[test]
fn click_tracks_from_40_to_240() {
    let mut octaves = Vec::new();
    for bpm in (40..=240).step_by(10).map(f64::from) {
        let d = mono(clicks(bpm, 24.0));
        let got = value(&d, dim::TEMPO);
        // The prior at 120 may fold an extreme tempo by two or three; the grid it then finds must still be exact.
        let factor = [1.0, 2.0, 0.5, 3.0, 1.0 / 3.0].into_iter().find(|f| (got * f / bpm - 1.0).abs() < 0.01);
        let Some(factor) = factor else { panic!("{bpm} BPM: got {got}") };
        if factor != 1.0 {
            octaves.push((bpm, got));
        }
        assert!(value(&d, dim::RHYTHM_STABILITY) > 0.9, "{bpm}: {}", value(&d, dim::RHYTHM_STABILITY));
        near(&d, dim::ONSET_RATE, bpm / 60.0, bpm / 60.0 * 0.1);
    }
    println!("octave errors: {octaves:?}");
    assert!(octaves.iter().all(|&(bpm, _)| !(70.0..=165.0).contains(&bpm)), "inside 70 to 165 none: {octaves:?}");
}

#[test]
fn modulated_noise_varies_in_level_and_pure_noise_is_flat() {
    let flat = mono(noise(1, 0.5, 6.0));
    let mut beating = noise(1, 0.5, 6.0);
    for (i, x) in beating.iter_mut().enumerate() {
        *x *= 0.55 + 0.45 * (std::f32::consts::TAU * 0.7 * i as f32 / 44_100.0).sin();
    }
    let beating = mono(beating);
    assert!(value(&flat, dim::FLATNESS) > 0.5 && value(&flat, dim::FLATNESS) < 0.6, "{}", value(&flat, dim::FLATNESS));
    near(&flat, dim::CENTROID, 11_025.0, 60.0);
    // Uniform noise: peak over RMS is the square root of three.
    near(&flat, dim::CREST, 4.77, 0.02);
    assert!(value(&flat, dim::LOUDNESS_VARIATION) < 0.2 && value(&beating, dim::LOUDNESS_VARIATION) > 3.0);
    assert!(value(&flat, dim::PEAK_CONSISTENCY) > 0.99 && value(&beating, dim::PEAK_CONSISTENCY) < 0.9);
    assert!(value(&beating, dim::CREST_VARIATION) > value(&flat, dim::CREST_VARIATION) + 0.5);
    // Shares of white noise are the widths of the bands.
    for (i, (from, to)) in earprint_core::BANDS_HZ.into_iter().enumerate() {
        near(&flat, i, (to - from) / 19_980.0, 0.004);
    }
    assert_eq!(flat.why[dim::PITCH_STABILITY], Some(Why::Unvoiced));
}

#[test]
fn only_level_numbers_move_with_level() {
    let mut song = clicks(100.0, 8.0);
    for (i, x) in song.iter_mut().enumerate() {
        let t = i as f32 / 44_100.0;
        *x = 0.4 * *x + 0.2 * (std::f32::consts::TAU * 220.0 * t).sin() * (1.0 - (t % 1.0));
    }
    let loud = mono(song.clone());
    for factor in [0.5_f32, 0.0625, 0.3] {
        let quiet = mono(song.iter().map(|x| x * factor).collect());
        for i in 0..DIMENSIONS {
            let (a, b) = (value(&loud, i), value(&quiet, i));
            if i == dim::LOUDNESS {
                near(&quiet, i, a + 20.0 * f64::from(factor).log10(), 0.01);
            } else if a.is_nan() {
                assert_eq!(loud.why[i], quiet.why[i]);
            } else {
                assert!((a - b).abs() <= 2e-4 * a.abs().max(0.01), "{}: {a} became {b}", TRACK_DIMENSIONS[i].name);
            }
        }
    }
}

#[test]
fn channels_tell_width_and_correlation() {
    let (a, b) = (noise(1, 0.5, 3.0), noise(2, 0.5, 3.0));
    let one = numbers(std::slice::from_ref(&a)).descriptor;
    near(&one, dim::STEREO_WIDTH, 0.0, 0.0);
    near(&one, dim::PHASE_CORRELATION, 1.0, 0.0);
    let same = numbers(&[a.clone(), a.clone()]).descriptor;
    near(&same, dim::STEREO_WIDTH, 0.0, 0.0);
    near(&same, dim::PHASE_CORRELATION, 1.0, 1e-6);
    let wide = numbers(&[a.clone(), b]).descriptor;
    near(&wide, dim::STEREO_WIDTH, 0.5, 0.02);
    near(&wide, dim::PHASE_CORRELATION, 0.0, 0.02);
    // Channels that cancel: the levels are there, what is measured on mono is not.
    let opposite = numbers(&[a.clone(), a.iter().map(|x| -x).collect()]).descriptor;
    near(&opposite, dim::STEREO_WIDTH, 1.0, 0.0);
    near(&opposite, dim::PHASE_CORRELATION, -1.0, 1e-6);
    near(&opposite, dim::CREST, 4.77, 0.02);
    for i in [dim::CENTROID, dim::BASS, dim::HARMONIC_RATIO, dim::CHROMA_CONCENTRATION, dim::FLATNESS] {
        assert_eq!(opposite.why[i], Some(Why::Silence), "{}", TRACK_DIMENSIONS[i].name);
    }
    // A mono track in one channel of two is 3 dB quieter than in both, by BS.1770's sum over channels.
    let left = numbers(&[a.clone(), vec![0.0; a.len()]]).descriptor;
    near(&left, dim::LOUDNESS, value(&same, dim::LOUDNESS) - 3.0103, 0.01);
}

/// EBU Tech 3341, table 1: a stereo sine of 1 kHz at the level given in dBFS reads the same number of LUFS.
#[test]
fn loudness_is_right_by_a_tenth() {
    let tone = |db: f64, seconds| sine(1000.0, 10_f64.powf(db / 20.0), seconds);
    for db in [-23.0, -33.0] {
        let t = tone(db, 20.0);
        near(&numbers(&[t.clone(), t]).descriptor, dim::LOUDNESS, db, 0.1);
    }
    // Case 3: -36 for 10 s, -23 for 60 s, -36 for 10 s: the relative gate leaves the quiet ends out.
    let gated: Vec<f32> = [tone(-36.0, 10.0), tone(-23.0, 60.0), tone(-36.0, 10.0)].concat();
    near(&numbers(&[gated.clone(), gated]).descriptor, dim::LOUDNESS, -23.0, 0.1);
    // Case 4: -72, -36, -23, -36, -72: the absolute gate too.
    let gated: Vec<f32> =
        [tone(-72.0, 10.0), tone(-36.0, 10.0), tone(-23.0, 60.0), tone(-36.0, 10.0), tone(-72.0, 10.0)].concat();
    near(&numbers(&[gated.clone(), gated]).descriptor, dim::LOUDNESS, -23.0, 0.1);
    // Case 5: -26 for 20 s, -20 for 20.1 s, -26 for 20 s.
    let steps: Vec<f32> = [tone(-26.0, 20.0), tone(-20.0, 20.1), tone(-26.0, 20.0)].concat();
    near(&numbers(&[steps.clone(), steps]).descriptor, dim::LOUDNESS, -23.0, 0.1);
}

#[test]
fn what_cannot_be_known_is_not_made_up() {
    let silence = mono(vec![0.0; 3 * 44_100]);
    for i in 0..DIMENSIONS {
        // One channel has no width, heard or not.
        if ![dim::STEREO_WIDTH, dim::PHASE_CORRELATION].contains(&i) {
            assert!(silence.values[i].is_nan(), "{} of silence: {}", TRACK_DIMENSIONS[i].name, silence.values[i]);
            assert!(silence.why[i].is_some());
        }
    }
    let one = mono(vec![0.5]);
    for i in [dim::LOUDNESS, dim::TEMPO, dim::RHYTHM_STABILITY, dim::PITCH_STABILITY, dim::CREST_VARIATION] {
        assert!(one.why[i].is_some(), "{} of one sample: {}", TRACK_DIMENSIONS[i].name, one.values[i]);
    }
    let short = mono(sine(440.0, 0.5, 0.3));
    assert_eq!(short.why[dim::TEMPO], Some(Why::TooShort));
    assert_eq!(short.why[dim::LOUDNESS], Some(Why::TooShort));
    near(&short, dim::CENTROID, 440.0, 5.0);
    let constant = mono(vec![0.25; 2 * 44_100]);
    near(&constant, dim::CREST, 0.0, 1e-6);
    assert!(constant.why[dim::TEMPO].is_some() && constant.why[dim::PITCH_STABILITY].is_some());
}

/// A number that is the same for every sound is a number that is not computed.
#[test]
fn no_dimension_is_constant_over_a_varied_corpus() {
    let mix = |a: Vec<f32>, b: Vec<f32>| -> Vec<f32> { a.iter().zip(&b).map(|(x, y)| x + y).collect() };
    let mut fading = noise(5, 0.5, 6.0);
    let n = fading.len() as f32;
    for (i, x) in fading.iter_mut().enumerate() {
        *x *= (1.0 - i as f32 / n).powi(3);
    }
    let glide: Vec<f32> = {
        let mut phase = 0.0_f64;
        let step = |i: usize| 220.0 * (1.0 + 0.06 * (i as f64 / 44_100.0 * 30.0).sin());
        (0..6 * 44_100)
            .map(|i| {
                phase += std::f64::consts::TAU * step(i) / 44_100.0;
                (0.4 * phase.sin()) as f32
            })
            .collect()
    };
    let corpus = [
        vec![mix(clicks(90.0, 8.0), sine(110.0, 0.2, 8.0))],
        vec![mix(clicks(133.0, 8.0), sine(440.0, 0.05, 8.0)), mix(clicks(133.0, 8.0), sine(660.0, 0.2, 8.0))],
        vec![fading.clone(), mix(fading.iter().map(|x| 0.1 * x).collect(), vec![1e-5; fading.len()])],
        vec![glide.clone(), mix(glide, noise(9, 0.01, 6.0))],
    ];
    let all: Vec<Descriptor> = corpus.iter().map(|planes| numbers(planes).descriptor).collect();
    for i in 0..DIMENSIONS {
        let known: Vec<f32> = all.iter().map(|d| d.values[i]).filter(|v| !v.is_nan()).collect();
        let (low, high) =
            (known.iter().copied().fold(f32::MAX, f32::min), known.iter().copied().fold(f32::MIN, f32::max));
        assert!(known.len() > 1 && high - low > 1e-4 * high.abs(), "{}: {known:?}", TRACK_DIMENSIONS[i].name);
    }
}
