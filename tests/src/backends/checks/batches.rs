//! Laws of batches: no value depends on the batch it travelled in. The backend is compared with itself to the bit, and its
//! values with those of the other one, so that all of them may not be wrong alike.

use earprint_compute::{Dtype, MelBatch, MelValues, Slot};

use super::jobs::{batch, clip, clips, plan, pooled, preset};
use crate::backends::Trial;

/// Clips alone, by sevens, and all at once.
pub fn batch_sizes(trial: &mut Trial) {
    let most = trial.candidate.clips;
    let job = preset("leak-64");
    let plan = plan(&job, Dtype::F16);
    let clips = clips(&job, most, 40_960);
    let Some(whole) = trial.agrees(&format!("{most} clips"), &plan, &batch(&job, &clips)) else { return };
    for size in [1, 7] {
        let case = format!("{most} clips in batches of {size}");
        let mut rows = Vec::new();
        // Alone only a few: the law is the same for each.
        let some = if size == 1 { &clips[..most.min(14)] } else { &clips[..] };
        for part in some.chunks(size) {
            match trial.got(&case, &plan, &batch(&job, part)) {
                Some(MelValues::F16(v)) => rows.extend(v),
                _ => return,
            }
        }
        trial.same(&case, &first(&whole, rows.len()), &MelValues::F16(rows));
    }
}

/// The same clips from the last to the first: the same rows.
pub fn reversed_clips(trial: &mut Trial) {
    for job in [pooled(64, 16, 512, 32), pooled(64, 16, 512, 31)] {
        let plan = plan(&job, Dtype::F16);
        let mut clips = clips(&job, 7, 6144);
        let Some(want) = trial.agrees("seven clips", &plan, &batch(&job, &clips)) else { return };
        clips.reverse();
        let Some(MelValues::F16(turned)) = trial.got("reversed", &plan, &batch(&job, &clips)) else { return };
        let each = turned.len() / 7;
        let back: Vec<u16> = turned.chunks(each).rev().flatten().copied().collect();
        trial.same(&format!("{} bands, reversed", job.spec.n_mels), &want, &MelValues::F16(back));
    }
}

/// One clip in slots of five outputs that share its samples, the last slot first: equal to the clip in one slot.
pub fn slots_in_pieces(trial: &mut Trial) {
    for (name, job) in [("leak", preset("leak")), ("pooled", pooled(64, 16, 512, 32)), ("whisper", preset("whisper"))] {
        let plan = plan(&job, Dtype::F32);
        let n = job.windows.map_or(8_000, |w| w.clip_samples);
        let one = batch(&job, &[clip(&job, 9, n)]);
        let outputs = one.outputs();
        let piece = |at: usize| Slot { start: at * plan.grid.step, outputs: 5.min(outputs - at) };
        let cut: Vec<Slot> = (0..outputs).step_by(5).map(piece).rev().collect();
        let Some(whole) = trial.agrees(name, &plan, &one) else { return };
        let pieces = MelBatch { pcm: one.pcm, slots: cut };
        let Some(MelValues::F32(mut rest)) = trial.got(name, &plan, &pieces) else { return };
        // Back in order: the last piece of the results is the first of the clip.
        let mut back = Vec::new();
        for slot in pieces.slots.iter().rev() {
            back.extend(rest.split_off(rest.len() - slot.outputs * job.spec.n_mels));
        }
        trial.same(&format!("{name} in slots of 5 outputs"), &whole, &MelValues::F32(back));
    }
}

/// Two batches under way all the time: growing, shrinking, with nothing in them, of two jobs in turn.
pub fn two_under_way(trial: &mut Trial) {
    let jobs = [preset("leak"), pooled(64, 16, 512, 32)];
    let plans = jobs.each_ref().map(|job| plan(job, Dtype::F16));
    let batches: Vec<MelBatch> = [1, 3, 0, 2, 5, 1]
        .into_iter()
        .enumerate()
        .map(|(number, count)| {
            let job = &jobs[number % 2];
            batch(job, &clips(job, count, job.windows.map_or(0, |w| w.clip_samples)))
        })
        .collect();
    let mut got = Vec::new();
    let mut ahead = None;
    for number in 0..=batches.len() {
        let backend = &mut trial.candidate.backend;
        let next = batches.get(number).map(|batch| backend.submit(&plans[number % 2], batch));
        if let Some(ticket) = ahead.take() {
            let done = pollster::block_on(backend.collect(ticket));
            got.push(trial.noted(&format!("batch {}", number - 1), done));
        }
        if let Some(submitted) = next {
            let Some(ticket) = trial.noted(&format!("batch {number}"), submitted) else { return };
            ahead = Some(ticket);
        }
    }
    for (number, (batch, got)) in batches.iter().zip(got).enumerate() {
        if let Some(got) = got
            && batch.outputs() > 0
        {
            trial.matches(&format!("batch {number}"), &plans[number % 2], batch, &got);
        }
    }
}

/// The first `n` values.
fn first(values: &MelValues, n: usize) -> MelValues {
    match values {
        MelValues::F16(v) => MelValues::F16(v[..n].to_vec()),
        MelValues::F32(v) => MelValues::F32(v[..n].to_vec()),
    }
}
