//! NVIDIA's libraries, found at run time. Never a panic: what is missing is an error that tells where it was sought.

use std::path::{Path, PathBuf};

/// A library, or a function in it, that is not there.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// None of the candidates loads.
    #[error("{name} not found; tried: {tried}")]
    NotFound {
        /// What was sought.
        name: &'static str,
        /// Files tried, each with the loader's answer.
        tried: String,
    },
    /// The library is too old, or another one of the same name.
    #[error("{path} has no function {function}")]
    NoFunction {
        /// The library's file.
        path: PathBuf,
        /// C name.
        function: &'static str,
    },
}

/// A loaded library and where it came from.
#[derive(Debug)]
pub(crate) struct Library {
    inner: libloading::Library,
    path: PathBuf,
}

impl Library {
    /// Loads the first candidate that loads.
    pub fn open(name: &'static str, candidates: &[PathBuf]) -> Result<Self, LibraryError> {
        let mut tried = Vec::new();
        for path in candidates {
            // SAFETY: the initialisers of NVIDIA's libraries have no preconditions. The caller names these files, or the
            // system's loader finds them as it does for any program.
            match unsafe { libloading::Library::new(path) } {
                Ok(inner) => return Ok(Self { inner, path: path.clone() }),
                Err(error) => {
                    let reason =
                        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                    tried.push(format!("{} ({reason})", path.display()));
                }
            }
        }
        Err(LibraryError::NotFound { name, tried: tried.join(", ") })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A C function.
    ///
    /// # Safety
    /// `F` has to be the function's type, and must not be called after `self` is gone.
    pub unsafe fn function<F: Copy>(&self, name: &'static str) -> Result<F, LibraryError> {
        // SAFETY: the caller vouches for the type.
        match unsafe { self.inner.get::<F>(name.as_bytes()) } {
            Ok(function) => Ok(*function),
            Err(_) => Err(LibraryError::NoFunction { path: self.path.clone(), function: name }),
        }
    }
}
