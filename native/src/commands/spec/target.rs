//! Where pictures and arrays of each input go, and writing them there.

use std::path::{Path, PathBuf};

use anyhow::Result;
use earprint_audio::walk::WalkEntry;
use earprint_compute::MelValues;
use earprint_core::MelSpec;
use earprint_pipeline::disk::unique_names;
use earprint_pipeline::{Failure, Features};
use earprint_store::picture::encode_png;
use earprint_store::{AtomicFile, NpyType, StoreError, npy_header};

use super::paint::Look;
use crate::args::{SpecArgs, SpecFormat};
use crate::job::usage;

/// Why something was not written.
pub enum Trouble {
    /// This input alone is to blame.
    File(Failure),
    /// Every further one would fail too.
    Run(StoreError),
}

/// What is written, and under which names.
pub struct Target {
    png: bool,
    npy: bool,
    place: Place,
}

enum Place {
    /// One input, this file.
    File(PathBuf),
    /// Below this folder, a name for each input.
    Folder(PathBuf, Vec<String>),
}

impl Target {
    /// `--out` with the inputs that were found.
    ///
    /// # Errors
    /// Usage: the name of one file for several inputs, or the extension of the other format.
    pub fn of(args: &SpecArgs, inputs: &[WalkEntry]) -> Result<Self> {
        let png = args.format == SpecFormat::Png;
        let npy = !png || args.npy;
        let out = &args.out;
        let ends = |wanted: &str| {
            !out.is_dir() && out.extension().and_then(|e| e.to_str()).is_some_and(|e| e.eq_ignore_ascii_case(wanted))
        };
        let (own, other, change) = if png { ("png", "npy", "npy") } else { ("npy", "png", "png") };
        if ends(other) {
            let out = out.display();
            return usage(format!(
                "-o {out} names a .{other} file; expected .{own} or a folder; or add --format {change}"
            ));
        }
        let place = match (ends(own), inputs.len()) {
            (true, 1) => Place::File(out.clone()),
            (true, n) => {
                let out = out.display();
                return usage(format!("-o {out} names one file, but {n} inputs were found; expected a folder"));
            }
            (false, _) => Place::Folder(out.clone(), unique_names(inputs)),
        };
        Ok(Self { png, npy, place })
    }

    fn path(&self, index: usize, extension: &str) -> PathBuf {
        match &self.place {
            Place::File(path) => path.with_extension(extension),
            Place::Folder(folder, names) => folder.join(format!("{}.{extension}", names[index])),
        }
    }

    /// Paints and writes one input's features, `(1, M, T)`; returns the paths of picture and array.
    pub fn write(
        &self,
        index: usize,
        title: &str,
        features: &Features,
        spec: &MelSpec,
        look: &Look,
    ) -> Result<[Option<String>; 2], Trouble> {
        let [_, bands, frames] = features.shape;
        let MelValues::F32(values) = &features.values else { unreachable!("spec asks for f32") };
        let mut written = [None, None];
        if self.png {
            let picture = look.paint(values, bands, frames, title, spec)?;
            let path = self.path(index, "png");
            write(&path, &[&encode_png(&picture)])?;
            written[0] = Some(path.display().to_string());
        }
        if self.npy {
            let path = self.path(index, "npy");
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            write(&path, &[&npy_header(NpyType::F32, &[bands, frames]), &bytes])?;
            written[1] = Some(path.display().to_string());
        }
        Ok(written)
    }
}

fn write(path: &Path, parts: &[&[u8]]) -> Result<(), Trouble> {
    let whole = || {
        let mut file = AtomicFile::create(path)?;
        parts.iter().try_for_each(|bytes| file.write(bytes))?;
        file.finish()
    };
    whole().map_err(|e| match &e {
        // A name that grew too long for the file system is this input's own misfortune.
        StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::InvalidFilename => {
            Trouble::File(Failure::error("E_NAME", format!("{e}; rename the input to a shorter name")))
        }
        _ => Trouble::Run(e),
    })
}
