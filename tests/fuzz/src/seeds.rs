//! Whole files that cases are made from: the inputs of the decoder goldens.

use std::path::{Path, PathBuf};

use crate::mutate::mutate;
use crate::random::Random;

/// Files of the goldens, in the order of their names, in families of the same container: the name up to the first `-`.
pub struct Seeds {
    families: Vec<Vec<(String, Vec<u8>)>>,
}

/// One damaged file.
pub struct Case {
    /// Number and parent, such as `004711-opus-chained.opus`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Seeds {
    /// The seeds of this repository.
    ///
    /// # Panics
    /// If they are not there.
    pub fn of_goldens() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../golden/outside/decode/files");
        Self::read(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
    }

    /// All files of a folder.
    ///
    /// # Errors
    /// What reading the folder gives.
    pub fn read(folder: &Path) -> std::io::Result<Self> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, std::fs::read(&path)?));
        }
        files.sort();
        let family = |name: &str| {
            let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
            format!("{} {extension}", stem.split('-').next().unwrap_or(stem))
        };
        let mut families: Vec<Vec<(String, Vec<u8>)>> = Vec::new();
        for file in files {
            match families.iter_mut().find(|f| family(&f[0].0) == family(&file.0)) {
                Some(found) => found.push(file),
                None => families.push(vec![file]),
            }
        }
        Ok(Seeds { families })
    }

    /// Number of families.
    pub fn families(&self) -> usize {
        self.families.len()
    }

    /// Case `number` of a run: families in turn, so that few inputs already hold every container.
    pub fn case(&self, seed: u64, number: u64) -> Case {
        let mut random = Random::of_case(seed, number);
        let family = &self.families[(number % self.families.len() as u64) as usize];
        let (name, whole) = &family[random.below(family.len())];
        let others = &self.families[random.below(self.families.len())];
        let (_, other) = &others[random.below(others.len())];
        let mut bytes = whole.clone();
        mutate(&mut random, &mut bytes, other);
        Case { name: format!("{number:06}-{name}"), bytes }
    }
}
