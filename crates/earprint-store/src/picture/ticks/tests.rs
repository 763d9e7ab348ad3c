use super::*;

fn labels(ticks: &[Tick]) -> Vec<&str> {
    ticks.iter().map(|t| t.label.as_str()).collect()
}

#[test]
fn time_ticks_of_known_spans() {
    let at = |low, high, least| time(low, high, least, 8);
    assert_eq!(labels(&at(0.0, 10.0, 0.01)), ["0 s", "2 s", "4 s", "6 s", "8 s", "10 s"]);
    assert_eq!(labels(&at(0.0, 1.0, 0.01)), ["0 s", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1 s"]);
    assert_eq!(labels(&at(0.0, 90.0, 0.01)), ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15", "1:30"]);
    assert_eq!(
        labels(&at(3000.0, 7300.0, 0.01)),
        ["50:00", "1:00:00", "1:10:00", "1:20:00", "1:30:00", "1:40:00", "1:50:00", "2:00:00"]
    );
    assert_eq!(labels(&at(-1.0, 2.0, 0.01)), ["-1 s", "-0.5 s", "0 s", "0.5 s", "1 s", "1.5 s", "2 s"]);
    assert_eq!(
        labels(&at(100.0, 100.7, 0.01)),
        ["1:40.0", "1:40.1", "1:40.2", "1:40.3", "1:40.4", "1:40.5", "1:40.6", "1:40.7"]
    );
    assert_eq!(labels(&at(0.0, 0.02, 0.01)), ["0 s", "0.01 s", "0.02 s"]); // no ticks between frames
    assert_eq!(labels(&at(0.0125, 0.0125, 0.01)), ["0.0125 s"]); // one frame
}

#[test]
fn four_to_eight_time_ticks_whatever_the_span() {
    let mut span = 0.1;
    while span < 1e7 {
        for low in [0.0, 0.7 * span, 1e4] {
            let ticks = time(low, low + span, 1e-3, 8);
            assert!((4..=8).contains(&ticks.len()), "{low} + {span}: {ticks:?}");
            assert!(ticks.windows(2).all(|w| w[0].label != w[1].label), "{ticks:?}");
            assert!(time(low, low + span, 1e-3, 3).len() <= 3);
        }
        span *= 1.07;
    }
}

#[test]
fn clock_labels_carry() {
    assert_eq!(time_label(59.9996, 1.0, true), "1:00");
    assert_eq!(time_label(3599.96, 0.1, true), "1:00:00.0");
    assert_eq!(time_label(-75.0, 15.0, true), "-1:15");
    assert_eq!(time_label(-0.0, 0.5, false), "0 s");
}

#[test]
fn linear_ticks() {
    assert_eq!(labels(&linear(-80.0, 0.0, 6)), ["-80", "-60", "-40", "-20", "0"]);
    assert_eq!(labels(&linear(-83.2, -3.2, 6)), ["-80", "-60", "-40", "-20"]);
    assert_eq!(labels(&linear(0.0, 0.25, 6)), ["0", "0.05", "0.1", "0.15", "0.2", "0.25"]);
    assert_eq!(labels(&linear(0.0, 0.7, 8)).last(), Some(&"0.7")); // 0.7 / 0.1 is 6.999999999999999
    assert_eq!(labels(&linear(0.0, 3e30, 4)), ["0.0e0", "1.0e30", "2.0e30", "3.0e30"]);
    for (low, high) in [(f32::MIN, f32::MAX), (0.0, f32::from_bits(1)), (1e9, 1e9_f32.next_up())] {
        assert!(linear(low.into(), high.into(), 6).len() <= 6, "{low} {high}");
    }
}

#[test]
fn frequencies_lie_between_the_centres_of_their_bands() {
    let bands = [100.0, 200.0, 400.0];
    let at = |hz| band_position(&bands, hz);
    assert_eq!([at(100.0), at(150.0), at(300.0), at(400.0)], [Some(0.5), Some(1.0), Some(2.0), Some(2.5)]);
    assert_eq!([at(50.0), at(500.0)], [Some(0.0), Some(3.0)]); // half a band beyond
    assert_eq!([at(49.0), at(501.0)], [None, None]);
    assert_eq!([band_position(&[440.0], 440.0), band_position(&[440.0], 441.0)], [Some(0.5), None]);
}

#[test]
fn frequency_ticks_of_known_axes() {
    let spectrum: Vec<f64> = (0..513).map(|k| f64::from(k) * 16_000.0 / 1024.0).collect();
    let ticks = frequency(&spectrum, 513, 12.0);
    assert_eq!(labels(&ticks), ["0 Hz", "1 kHz", "2 kHz", "3 kHz", "4 kHz", "5 kHz", "6 kHz", "7 kHz", "8 kHz"]);
    assert_eq!(ticks[1].at, 64.5); // bin 64, its middle
    // Third octaves: equal steps would crowd at the top or leave the bottom bare.
    let octaves: Vec<f64> = (0..30).map(|i| 31.25 * 2_f64.powf(f64::from(i) / 3.0)).collect();
    let names = ["62.5 Hz", "125 Hz", "250 Hz", "500 Hz", "1 kHz", "2 kHz", "4 kHz", "8 kHz", "16 kHz"];
    assert_eq!(labels(&frequency(&octaves, 300, 12.0)), names);
    assert_eq!(labels(&frequency(&[440.0], 100, 12.0)), ["440 Hz"]);
    assert!(frequency(&octaves, 300, 70.0).windows(2).all(|w| w[1].at - w[0].at >= 70.0));
    assert_eq!(labels(&frequency(&[1234.5, 1234.6], 1, 12.0)).len(), 1);
}
