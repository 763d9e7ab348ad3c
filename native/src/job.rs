//! The mel job that flags describe: a preset, with fields changed.

use anyhow::{Context, Result};
use earprint_compute::{Dtype, MelPlan};
use earprint_core::MelJob;

/// A command line that cannot be meant as it stands: exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// `Err` with a [`Usage`].
pub fn usage<T>(text: impl Into<String>) -> Result<T> {
    Err(Usage(text.into()).into())
}

/// Checks a job before anything is read: its ranges, and that there is a transform of its size.
///
/// # Errors
/// Usage errors, with the field and the rule.
pub fn check(job: &MelJob) -> Result<()> {
    job.check()?;
    match MelPlan::new(job.clone(), Dtype::F32) {
        Ok(_) => Ok(()),
        Err(e) => usage(e.to_string()),
    }
}

/// The job with fields replaced, each given as `FIELD=VALUE`, by the names they have in `manifest.json`.
///
/// # Errors
/// Usage errors: no such field, or a value that does not fit it.
pub fn changed(job: MelJob, changes: &[String]) -> Result<MelJob> {
    if changes.is_empty() {
        return Ok(job);
    }
    let mut value = serde_json::to_value(&job)?;
    for change in changes {
        let Some((field, text)) = change.split_once('=') else {
            return usage(format!("--set {change}: expected FIELD=VALUE, for example n_fft=1024"));
        };
        let spec = value["spec"].as_object_mut().expect("a struct");
        let Some(old) = spec.get_mut(field) else {
            let names: Vec<&str> = spec.keys().map(String::as_str).collect();
            return usage(format!("--set {change}: no field {field}; expected one of {}", names.join(", ")));
        };
        *old = serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.to_owned()));
    }
    let shown = changes.join(" ");
    let mut job: MelJob =
        serde_json::from_value(value).map_err(|e| Usage(e.to_string())).context(format!("--set {shown}"))?;
    job.name = format!("{} with {}", job.name, changes.join(", "));
    Ok(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_change_by_name_and_errors_say_which() {
        let job = || MelJob::preset("librosa").unwrap();
        let ok = changed(job(), &["n_fft=1024".into(), "mel_scale=htk".into()]).unwrap();
        assert_eq!((ok.spec.n_fft, ok.name.as_str()), (1024, "librosa with n_fft=1024, mel_scale=htk"));
        for (change, words) in
            [("n_fft", "FIELD=VALUE"), ("nfft=1", "no field nfft"), ("n_fft=many", "n_fft=many"), ("n_mels=-1", "-1")]
        {
            let e = changed(job(), &[change.into()]).unwrap_err();
            assert!(format!("{e:#}").contains(words) && e.is::<Usage>(), "{e:#}");
        }
        let odd = changed(job(), &["n_fft=2018".into(), "win_length=100".into()]).unwrap();
        assert!(check(&odd).unwrap_err().to_string().contains("2, 3 and 5"));
    }
}
