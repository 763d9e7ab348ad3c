//! The status line: rate, what is left, throughput of each stage, and which one everything waits for.

use std::time::Duration;

use earprint_pipeline::tracks::TrackCounts;

use crate::progress::clock;

/// One line. A stage's throughput is what it would reach alone on all workers. `work`: all there is to do; what is left takes
/// as long by weighed bytes as what is done, so that files left out on purpose do not count.
pub fn line(c: &TrackCounts, took: Duration, work: u64, workers: usize, verbose: bool) -> String {
    let seconds = took.as_secs_f64().max(1e-3);
    let mut text = format!("{:.0}x real time", c.audio_s / seconds);
    if c.work > 0 && work > c.work {
        text += &format!("  {} left", clock(seconds / c.work as f64 * (work - c.work) as f64));
    }
    if c.failed > 0 {
        text += &format!("  {} failed", c.failed);
    }
    if let Some(bottleneck) = c.stages.bottleneck() {
        text += &format!("  bottleneck: {bottleneck}");
    }
    if verbose {
        for (name, time) in c.stages.named() {
            let busy = time.as_secs_f64();
            if busy > 0.0 {
                text += &format!("  {name} {:.0}x", c.audio_s * workers as f64 / busy);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_pipeline::tracks::StageTimes;

    #[test]
    fn the_line_names_the_stage_that_takes_most() {
        let stages =
            StageTimes { decode: Duration::from_secs(2), rows: Duration::from_secs(6), ..StageTimes::default() };
        let c = TrackCounts { done: 10, work: 5_000, audio_s: 1200.0, stages, ..TrackCounts::default() };
        let text = line(&c, Duration::from_secs(4), 10_000, 2, true);
        assert_eq!(text, "300x real time  0:04 left  bottleneck: rows  decode 1200x  rows 400x");
        assert_eq!(clock(3_661.0), "1:01:01");
    }
}
