//! CUBINs in the user's cache folder, named by a hash of all that decides about them.
//!
//! A file is the SHA-256 of the image, then the image: a torn or foreign file is no image. A cache that cannot be read or written only
//! costs the compilation (0.1 to 0.3 s a kernel), so its failures are not reported.

use crate::{nvrtc::OPTIONS, translate::CudaKernel};
use sha2::{Digest, Sha256};
use std::{env, fs, path::PathBuf};

/// The cached image, or a new one from `make`, which is then kept.
pub(super) fn get_or_make<E>(
    nvrtc: (i32, i32),
    arch: &str,
    kernel: &CudaKernel,
    make: impl FnOnce() -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, E> {
    let Some(folder) = folder() else { return make() };
    let file = folder.join(format!("{}.cubin", key(nvrtc, arch, kernel)));
    if let Some(image) = fs::read(&file).ok().and_then(unpack) {
        return Ok(image);
    }
    let image = make()?;
    let _ = keep(&folder, &file, &image);
    Ok(image)
}

/// Hash of source, options, versions and architecture, each with its length, so that no two lists look alike.
fn key((major, minor): (i32, i32), arch: &str, kernel: &CudaKernel) -> String {
    let mut hash = Sha256::new();
    let nvrtc = format!("nvrtc {major}.{minor}");
    let version = concat!("earprint-cuda ", env!("CARGO_PKG_VERSION"));
    let fixed = [kernel.source.as_str(), arch, &nvrtc, version];
    for part in fixed.into_iter().chain(OPTIONS) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The image of a cache file, if its hash is right.
fn unpack(file: Vec<u8>) -> Option<Vec<u8>> {
    let (hash, image) = file.split_at_checked(32)?;
    (hash == Sha256::digest(image).as_slice()).then(|| image.to_vec())
}

/// Written beside and renamed: other processes see the whole file or none.
fn keep(folder: &std::path::Path, file: &std::path::Path, image: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let partial = file.with_extension(format!("partial-{}", std::process::id()));
    fs::write(&partial, [Sha256::digest(image).as_slice(), image].concat())?;
    fs::rename(partial, file)
}

/// `earprint/cubin` in the user's cache folder; `EARPRINT_CACHE_DIR` moves it.
fn folder() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = variable("EARPRINT_CACHE_DIR").or_else(|| {
        let base = if cfg!(windows) {
            variable("LOCALAPPDATA")?
        } else if cfg!(target_os = "macos") {
            variable("HOME")?.join("Library").join("Caches")
        } else {
            variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))?
        };
        Some(base.join("earprint"))
    })?;
    Some(base.join("cubin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(source: &str) -> CudaKernel {
        CudaKernel {
            source: source.to_owned(),
            entry: "f".to_owned(),
            symbol: "f_kernel".to_owned(),
            workgroup_size: [1, 1, 1],
            bindings: Vec::new(),
            static_shared_bytes: 0,
            uses_barriers: false,
        }
    }

    #[test]
    fn keys_tell_all_parts_apart() {
        let base = key((13, 5), "sm_90", &kernel("a"));
        assert_eq!(base, key((13, 5), "sm_90", &kernel("a")));
        assert_ne!(base, key((13, 4), "sm_90", &kernel("a")));
        assert_ne!(base, key((13, 5), "sm_80", &kernel("a")));
        assert_ne!(base, key((13, 5), "sm_90", &kernel("b")));
        assert_ne!(key((1, 1), "sm_90", &kernel("a")), key((1, 1), "m_90", &kernel("as")));
    }

    #[test]
    fn torn_files_are_no_images() {
        let whole = [Sha256::digest(b"image").as_slice(), b"image"].concat();
        assert_eq!(unpack(whole.clone()), Some(b"image".to_vec()));
        assert_eq!(unpack(whole[..whole.len() - 1].to_vec()), None);
        assert_eq!(unpack(whole[..20].to_vec()), None);
    }
}
