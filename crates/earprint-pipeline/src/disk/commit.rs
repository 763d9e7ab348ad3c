//! Outcomes in the order of the inputs, whatever the workers did: rows appended, fates journalled, final names given.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use earprint_audio::UnreadCounts;
use earprint_compute::{Dtype, MelPlan, MelValues};
use earprint_core::{Status, Windows};
use earprint_store::{
    AtomicFile, FileEntry, Journal, JournalHeader, MANIFEST_VERSION, Manifest, NpyType, NpyWriter, StoreError,
    npy_header, sync_folder, write_index,
};

use super::{
    DiskJob, JOURNAL, OnFile, RunError, Summary, dtype_name, entry_of, features_path, run_folder, unique_names,
};
use crate::{Control, Features, FileOutcome};

/// Outcomes that may wait for an earlier one, so that memory stays bounded when one input takes long.
const WINDOW: usize = 1024;

pub(super) struct Committer<'a> {
    job: &'a DiskJob,
    plan: Arc<MelPlan>,
    header: JournalHeader,
    control: &'a Control,
    on_file: OnFile<'a>,
    /// Name of each input's array, for jobs without windows.
    array_names: Vec<String>,
    resumed: usize,
    discarded: Option<String>,
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    next: usize,
    pending: BTreeMap<usize, (FileEntry, Option<Features>)>,
    entries: Vec<FileEntry>,
    rows: u64,
    /// Entries whose lines are in the journal.
    journalled: usize,
    writer: Option<NpyWriter>,
    journal: Option<Journal>,
    /// Another thread is flushing.
    stop: bool,
}

impl<'a> Committer<'a> {
    pub fn open(
        job: &'a DiskJob,
        plan: &Arc<MelPlan>,
        header: JournalHeader,
        control: &'a Control,
        on_file: OnFile<'a>,
    ) -> Result<Self, StoreError> {
        let folder = run_folder(&job.out);
        std::fs::create_dir_all(&folder).map_err(StoreError::io("making folder", &folder))?;
        let recovered = Journal::open(&folder.join(JOURNAL), &header)?;
        let entries = recovered.entries;
        let rows: u64 = entries.iter().map(|e| e.rows).sum();
        let part = folder.join("features.part");
        // Where only the last renames were missing, the rows already stand under their final name.
        let only_names_missing = entries.len() == job.inputs.len() && !part.exists();
        let writer = match &job.job.windows {
            Some(_) if !only_names_missing => {
                let row_shape = [job.job.spec.n_mels, job.job.frames_per_row()];
                Some(NpyWriter::open(&part, npy_type(job.dtype), &row_shape, rows as usize)?)
            }
            _ => None,
        };
        for e in &entries {
            on_file(e);
            control.count_done(e.status);
        }
        let state = State {
            next: entries.len(),
            pending: BTreeMap::new(),
            rows,
            journalled: entries.len(),
            entries,
            writer,
            journal: Some(recovered.journal),
            stop: false,
        };
        Ok(Self {
            resumed: state.next,
            array_names: array_names(job),
            job,
            plan: plan.clone(),
            header,
            control,
            on_file,
            discarded: recovered.discarded,
            state: Mutex::new(state),
            moved: Condvar::new(),
        })
    }

    /// Inputs an earlier run finished.
    pub fn resumed(&self) -> usize {
        self.resumed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic holds it")
    }

    /// Takes an outcome of any worker; writes it and everything it was in the way of.
    pub fn take(&self, outcome: FileOutcome) -> Result<(), StoreError> {
        let index = outcome.index;
        let windowed = self.job.job.windows.is_some();
        let mut entry =
            entry_of(&self.job.inputs[index], &outcome, windowed, self.job.job.spec.sample_rate, &self.header.backend);
        let mut features = outcome.features.ok();
        if !windowed && let Some(f) = features.take() {
            // Arrays of their own are written by the worker that made them, before anyone waits for anyone.
            match self.write_array(index, &f) {
                Ok(name) => entry.features = Some(name),
                // A name the output's file system does not take is this input's trouble, not the run's.
                Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::InvalidFilename => {
                    entry.status = Status::Error;
                    entry.rows = 0;
                    entry.code = Some("E_NAME".into());
                    entry.reason = Some(format!("{}.npy: {source}; rename the input to something shorter", entry.path));
                }
                Err(e) => return Err(e),
            }
        }
        let mut state = self.lock();
        while index > state.next + WINDOW && !self.control.cancelled() {
            state = self.moved.wait_timeout(state, Duration::from_millis(100)).expect("no panic holds it").0;
        }
        state.pending.insert(index, (entry, features));
        loop {
            let next = state.next;
            let Some((entry, features)) = state.pending.remove(&next) else { break };
            self.commit(&mut state, entry, features)?;
            state.next += 1;
        }
        self.control.set_waiting(state.pending.len() as u64);
        drop(state);
        self.moved.notify_all();
        Ok(())
    }

    fn commit(&self, state: &mut State, mut entry: FileEntry, features: Option<Features>) -> Result<(), StoreError> {
        entry.first_row = state.rows;
        if let Some(writer) = &mut state.writer {
            match &features {
                Some(f) => append(writer, &f.values)?,
                None if self.job.keep_geometry && entry.status == Status::Error => {
                    let w = self.job.job.windows.as_ref().expect("rows come from windows");
                    entry.rows = w.rows() as u64;
                    let values = w.rows() * self.job.job.spec.n_mels * self.job.job.frames_per_row();
                    writer.append(&vec![0; values * self.job.dtype.bytes()])?;
                }
                None => {}
            }
        }
        state.rows += entry.rows;
        self.control.count_done(entry.status);
        (self.on_file)(&entry);
        state.entries.push(entry);
        Ok(())
    }

    fn write_array(&self, index: usize, f: &Features) -> Result<String, StoreError> {
        let name = self.array_names[index].clone();
        let path = self.job.out.join(&name);
        let mut file = AtomicFile::create(&path)?;
        file.write(&npy_header(npy_type(self.job.dtype), &f.shape[1..]))?;
        with_bytes(&f.values, |bytes| file.write(bytes))?;
        file.finish()?;
        if self.job.raw {
            let mut file = AtomicFile::create(&path.with_extension("raw"))?;
            with_bytes(&f.values, |bytes| file.write(bytes))?;
            file.finish()?;
        }
        Ok(name)
    }

    /// Until told to stop: rows to disk, then their lines into the journal.
    pub fn flush_now_and_then(&self) -> Result<(), String> {
        loop {
            let stop = {
                let waited = self.moved.wait_timeout_while(self.lock(), self.job.flush_every, |s| !s.stop);
                waited.expect("no panic holds it").0.stop
            };
            self.flush().map_err(|e| {
                self.control.cancel();
                e.to_string()
            })?;
            if stop {
                return Ok(());
            }
        }
    }

    pub fn stop_flushing(&self) {
        self.lock().stop = true;
        self.moved.notify_all();
    }

    fn flush(&self) -> Result<(), StoreError> {
        let (handle, new, journal) = {
            let mut state = self.lock();
            let new = state.entries[state.journalled..].to_vec();
            if new.is_empty() {
                return Ok(());
            }
            state.journalled = state.entries.len();
            let handle = state.writer.as_ref().map(NpyWriter::handle).transpose()?;
            (handle, new, state.journal.take())
        };
        // The slow part runs without the lock: workers go on appending behind what is being flushed.
        let part = run_folder(&self.job.out).join("features.part");
        if let Some(handle) = handle {
            handle.sync_data().map_err(StoreError::io("flushing", &part))?;
        }
        let mut folders: Vec<PathBuf> =
            new.iter().filter_map(|e| Some(self.job.out.join(e.features.as_ref()?).parent()?.to_owned())).collect();
        folders.sort();
        folders.dedup();
        folders.iter().try_for_each(|f| sync_folder(f))?;
        let mut journal = journal.expect("one thread flushes");
        journal.append(&new)?;
        self.lock().journal = Some(journal);
        Ok(())
    }

    /// Gives final names, or leaves everything for the next run where inputs remain.
    pub fn finish(self, job: &DiskJob, control: &Control) -> Result<Summary, RunError> {
        let state = self.state.into_inner().expect("no panic holds it");
        let mut events = control.events();
        if let Some(why) = &self.discarded {
            control.event(format!("an interrupted run in this folder was not continued: {why}"));
        }
        let mut summary = Summary::of(&state.entries);
        summary.resumed = self.resumed as u64;
        if state.entries.len() < job.inputs.len() {
            summary.interrupted = true;
            if state.entries.is_empty() {
                // Nothing to resume. A folder that cannot be removed is left.
                let _ = std::fs::remove_dir_all(run_folder(&job.out));
            }
            return Ok(summary);
        }
        // Events of an interrupted run are not kept; what they changed is: each file names its own backend.
        events.dedup();
        let mut unread = UnreadCounts::default();
        state.entries.iter().for_each(|e| unread.add(e.code.as_deref(), e.reason.as_deref()));
        if !unread.is_empty() {
            events.push(unread.to_string());
        }
        let manifest = Manifest {
            version: MANIFEST_VERSION,
            schema: earprint_core::MEL_SCHEMA.into(),
            tool: earprint_core::TOOL_VERSION.into(),
            spec_hash: self.header.spec_hash.clone(),
            job: job.job.clone(),
            unit: job.job.spec.log.unit().into(),
            dtype: dtype_name(job.dtype).into(),
            shape: match &job.job.windows {
                Some(_) => vec![state.rows, job.job.spec.n_mels as u64, job.job.frames_per_row() as u64],
                None => vec![state.entries.len() as u64, job.job.spec.n_mels as u64, 0],
            },
            offsets_rate_hz: job.job.windows.as_ref().map(|_| job.job.spec.sample_rate),
            backend: self.header.backend.clone(),
            keep_geometry: self.header.keep_geometry,
            inputs: self.header.inputs.clone(),
            events,
            files: state.entries,
        };
        name_arrays(job, state.writer, &job.job.windows, &manifest)?;
        manifest.write(&job.out)?;
        let folder = run_folder(&job.out);
        std::fs::remove_dir_all(&folder).map_err(StoreError::io("removing", &folder))?;
        debug_assert_eq!(self.plan.job.spec, job.job.spec);
        Ok(summary)
    }
}

/// `features.npy`, `index.npy` and their raw copies under their final names. An older manifest goes first: it would
/// describe arrays that are no longer there.
fn name_arrays(
    job: &DiskJob,
    writer: Option<NpyWriter>,
    windows: &Option<Windows>,
    manifest: &Manifest,
) -> Result<(), StoreError> {
    let old = job.out.join("manifest.json");
    match std::fs::remove_file(&old) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(StoreError::io("removing", &old)(e)),
        _ => {}
    }
    let Some(windows) = windows else { return Ok(()) };
    let features = job.out.join("features.npy");
    if let Some(writer) = writer {
        writer.finish(&features)?;
    }
    if job.raw {
        copy_raw(&features, &job.out.join("features.raw"))?;
    }
    let raw = job.out.join("index.raw");
    write_index(&job.out.join("index.npy"), job.raw.then_some(raw.as_path()), windows, &manifest.files)?;
    sync_folder(&job.out)
}

/// The data of an array written here, without its header.
fn copy_raw(from: &std::path::Path, to: &std::path::Path) -> Result<(), StoreError> {
    use std::io::{Read, Seek, SeekFrom};
    let mut source = std::fs::File::open(from).map_err(StoreError::io("opening", from))?;
    source.seek(SeekFrom::Start(128)).map_err(StoreError::io("reading", from))?;
    let mut file = AtomicFile::create(to)?;
    let mut block = vec![0; 1 << 20];
    loop {
        match source.read(&mut block).map_err(StoreError::io("reading", from))? {
            0 => return file.finish(),
            n => file.write(&block[..n])?,
        }
    }
}

fn npy_type(dtype: Dtype) -> NpyType {
    match dtype {
        Dtype::F16 => NpyType::F16,
        Dtype::F32 => NpyType::F32,
    }
}

fn append(writer: &mut NpyWriter, values: &MelValues) -> Result<(), StoreError> {
    with_bytes(values, |bytes| writer.append(bytes))
}

/// Values as little-endian bytes.
fn with_bytes<R>(values: &MelValues, f: impl FnOnce(&[u8]) -> R) -> R {
    if cfg!(target_endian = "little") {
        return match values {
            MelValues::F16(v) => f(bytemuck::cast_slice(v)),
            MelValues::F32(v) => f(bytemuck::cast_slice(v)),
        };
    }
    let bytes: Vec<u8> = match values {
        MelValues::F16(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        MelValues::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
    };
    f(&bytes)
}

/// Names of the arrays.
fn array_names(job: &DiskJob) -> Vec<String> {
    if job.job.windows.is_some() {
        return Vec::new();
    }
    unique_names(&job.inputs).iter().map(|name| features_path(name)).collect()
}
