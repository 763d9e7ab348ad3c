//! What was found out, as the report has it.

use std::path::Path;

use earprint_collection::order::{Curve, Goal, Order, Part, Transition, Why};
use earprint_collection::portrait::Portrait;
use earprint_core::{Status, TRACK_DIMENSIONS, TRACK_SCHEMA};
use earprint_library::{Library, RunEnd, RunState};
use earprint_report as out;

use crate::{AnalyzerError, Collected, Grouping, Survey};

/// A listening order with what was wanted.
#[derive(Debug, Clone, Copy)]
pub struct Ordered<'a> {
    /// What was wanted.
    pub goal: Goal,
    /// The order.
    pub order: &'a Order,
}

/// A goal in words.
pub fn goal_words(goal: Goal) -> &'static str {
    match goal {
        Goal::Free => "the smoothest way through",
        Goal::Path { .. } => "from one track to another",
        Goal::Energy(Curve::Peak(_)) => "energy rises to a peak and falls",
        Goal::Energy(Curve::Rise) => "energy rises",
        Goal::Energy(Curve::Fall) => "energy falls",
        Goal::Energy(Curve::Flat) => "energy stays in the middle",
    }
}

/// What a collection is called that nobody named: its library.
pub fn title_of(library: &Path) -> String {
    library.file_stem().map_or_else(|| "Collection".into(), |stem| stem.to_string_lossy().into_owned())
}

/// The report of a collection.
pub fn report(
    title: &str,
    collected: &Collected,
    survey: &Survey,
    ordered: Option<Ordered>,
    figures: out::Figures,
) -> out::Report {
    let grouping = survey.grouping.as_ref();
    let outlier = |track: usize| {
        grouping.is_some_and(|g| g.portraits.iter().any(|p| p.outliers.iter().any(|o| o.track == track)))
    };
    let track = |(at, m): (usize, &crate::Member)| {
        let place = survey.map.as_ref().and_then(|map| map.xy[at]);
        out::Track {
            duration_s: Some(m.table.duration),
            values: m.values.iter().map(|&v| out::known(v)).collect(),
            key: m.table.key.as_ref().zip(m.table.mode.as_ref()).map(|(key, mode)| format!("{key} {mode}")),
            tags: survey.tags[at].iter().map(|(n, d)| out::Tag { name: n.clone(), membership: *d }).collect(),
            cluster: grouping.and_then(|g| g.clusters.labels[at]),
            second: grouping.and_then(|g| second(g, at)),
            outlier: outlier(at),
            xy: place.map(|xy| xy.map(f64::from)),
            torn: survey.map.as_ref().and_then(|map| map.torn[at]).map(|t| t.mark),
            sections: m.table.sections.iter().flatten().map(section).collect(),
            ..out::Track::unknown(m.path.clone(), m.status)
        }
    };
    let mut report = out::Report::new(title);
    report.schema = TRACK_SCHEMA.to_owned();
    report.tracks = collected.members.iter().enumerate().map(track).collect();
    report.clusters = grouping.map_or_else(Vec::new, |g| g.portraits.iter().map(cluster).collect());
    report.choice = grouping.and_then(|g| g.choice.as_ref()).map(choice);
    report.map = survey.map.as_ref().map(|map| out::MapQuality {
        trustworthiness: Some(map.trustworthiness.mean).filter(|v| v.is_finite()),
        continuity: Some(map.continuity.mean).filter(|v| v.is_finite()),
        neighbours: map.k,
        torn: map.torn.iter().flatten().filter(|t| t.mark).count(),
        sampled: map.sampled().then_some(map.trustworthiness.rows),
    });
    report.sequence = ordered.map(sequence);
    let problem = |p: &earprint_core::TrackRecord| out::Problem {
        path: p.path.clone(),
        code: p.code.clone().unwrap_or_default(),
        detail: p.detail.clone().unwrap_or_default(),
    };
    report.problems = collected.problems.iter().map(problem).collect();
    report.figures = figures;
    report
}

/// Measured numbers of a collection: those of its tracks, and of the last run of the library that analysed any.
///
/// # Errors
/// What the library says.
pub fn figures(collected: &Collected, library: &Library) -> Result<out::Figures, AnalyzerError> {
    let last = last_run(library)?;
    let mut backends: Vec<&str> = collected.members.iter().filter_map(|m| m.backend.as_deref()).collect();
    backends.sort_unstable();
    backends.dedup();
    Ok(out::Figures {
        tracks: collected.members.len(),
        hours: collected.members.iter().map(|m| m.table.duration).sum::<f64>() / 3600.0,
        failed: collected.problems.iter().filter(|p| p.status == Status::Error).count(),
        seconds: last.as_ref().map(|end| end.wall_seconds),
        throughput: last.as_ref().map(|end| end.audio_seconds / end.wall_seconds),
        workers: last.as_ref().and_then(|end| end.queue).map(|q| q.workers as usize),
        serial_sample_speed_up: None,
        peak_memory_bytes: None,
        backend: (!backends.is_empty()).then(|| backends.join(", ")),
    })
}

/// The last run that analysed anything to its end.
pub(crate) fn last_run(library: &Library) -> Result<Option<RunEnd>, AnalyzerError> {
    const LOOKED_AT: usize = 100;
    let finished = library.stats(LOOKED_AT)?.into_iter().filter(|run| run.state == RunState::Finished);
    Ok(finished.filter_map(|run| run.end).find(|end| end.analysed > 0 && end.wall_seconds > 0.0))
}

fn second(grouping: &Grouping, track: usize) -> Option<out::Second> {
    let label = grouping.clusters.labels[track]?;
    let reason = grouping.reasons[track].as_ref()?;
    let second = reason.second?;
    debug_assert!(label == reason.first.cluster || reason.farther() == Some(0.0));
    Some(out::Second {
        cluster: second.cluster,
        further_by: reason.farther()?,
        because: reason.mostly().iter().map(|b| TRACK_DIMENSIONS[b.dimension].name.to_owned()).collect(),
    })
}

fn section(s: &earprint_core::Section) -> out::Section {
    out::Section {
        start_s: s.start,
        end_s: s.end,
        label: s.letter.clone(),
        role: s.role.name().to_owned(),
        energy_db: s.energy.and_then(out::known),
        brightness: s.brightness.and_then(out::known),
        density: s.density.and_then(out::known),
    }
}

fn cluster(p: &Portrait) -> out::Cluster {
    out::Cluster {
        id: p.id,
        name: p.name.clone(),
        size: p.size,
        homogeneity: p.homogeneity,
        homogeneity_words: p.alike().map(str::to_owned),
        medoids: p.medoids.clone(),
        outliers: p.outliers.iter().map(|o| o.track).collect(),
        centre: p.centre.iter().map(|v| Some(*v).filter(|v| v.is_finite())).collect(),
        telling: p
            .telling
            .iter()
            .map(|t| out::Telling { dimension: TRACK_DIMENSIONS[t.dimension].name.to_owned(), z: t.deviation })
            .collect(),
    }
}

fn choice(choice: &earprint_collection::kmeans::Choice) -> out::Choice {
    let known = |v: f64| Some(v).filter(|v| v.is_finite());
    let won = choice.tried.iter().find(|t| t.k == choice.k);
    let words = match won.map(|t| t.stability) {
        None => "too few tracks that differ to try two clusters",
        Some(s) if s >= 0.8 => "stable: resamples are cut alike",
        Some(s) if s >= 0.6 => "fairly stable: resamples are cut much alike",
        Some(_) => "not stable: there are other ways to cut that are as good",
    };
    out::Choice {
        k: choice.k,
        runner_up: choice.runner_up,
        tried: choice
            .tried
            .iter()
            .map(|t| out::Tried {
                k: t.k,
                silhouette: known(t.silhouette),
                spread: known(t.spread),
                stability: known(t.stability),
            })
            .collect(),
        words: words.to_owned(),
    }
}

fn sequence(ordered: Ordered) -> out::Sequence {
    let order = ordered.order;
    let known = |v: f64| Some(v).filter(|v| v.is_finite());
    let transition = |t: &Transition| {
        let part = |part: Part| known(t.parts[Part::ALL.iter().position(|p| *p == part).expect("a part")]);
        out::Transition {
            cost: known(t.total).unwrap_or(earprint_collection::order::UNKNOWN),
            tempo: part(Part::Tempo),
            key: part(Part::Key),
            energy: part(Part::Energy),
            timbre: part(Part::Timbre),
            words: t.words(),
        }
    };
    let reason = |why: Why| match why {
        Why::PerArtist => "enough of its artist",
        Why::Tracks => "enough tracks",
        Why::Duration => "no time left",
        Why::DurationUnknown => "its duration is unknown",
    };
    let n = order.sequence.len();
    out::Sequence {
        goal: goal_words(ordered.goal).to_owned(),
        order: order.sequence.clone(),
        transitions: order.transitions.iter().map(transition).collect(),
        total: order.score.total,
        greedy: (n > 0).then_some(order.greedy.total),
        random_mean: known(order.random.mean),
        random_sd: known(order.random.deviation),
        left_out: order
            .left_out
            .iter()
            .map(|(t, why)| out::LeftOut { track: *t, reason: reason(*why).into() })
            .collect(),
        findings: order
            .lint
            .iter()
            .map(|f| out::Finding {
                at: f.position,
                kind: f.fault.name().to_owned(),
                severity: if f.severity >= 0.5 { "warning" } else { "note" }.to_owned(),
                words: f.words.clone(),
            })
            .collect(),
    }
}
