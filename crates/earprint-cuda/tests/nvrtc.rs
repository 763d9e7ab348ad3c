//! Every test kernel through NVRTC, which needs no GPU: PTX and CUBIN. Skipped, with the reason, where NVRTC is not found.

mod kernels;

use earprint_cuda::{
    nvrtc::{Nvrtc, NvrtcError, OPTIONS},
    translate::{Options, translate_with},
};

fn nvrtc() -> Option<Nvrtc> {
    match Nvrtc::open(None) {
        Ok(nvrtc) => {
            println!("NVRTC {:?} from {}", nvrtc.version(), nvrtc.path().display());
            Some(nvrtc)
        }
        Err(NvrtcError::Library(reason)) => {
            println!("skipped, because {reason}");
            None
        }
        Err(other) => panic!("{other}"),
    }
}

fn options() -> Options {
    Options { overrides: vec![("gain".to_owned(), 0.5)], ..Options::default() }
}

#[test]
fn all_kernels_compile() {
    let Some(nvrtc) = nvrtc() else { return };
    for (wgsl, entry) in kernels::all() {
        let options = if wgsl.contains("override gain") { options() } else { Options::default() };
        let kernel = translate_with(wgsl, entry, &options).unwrap_or_else(|e| panic!("{e}"));
        let ptx = nvrtc.compile(&kernel, "compute_80").unwrap_or_else(|e| panic!("{e}"));
        let text = String::from_utf8(ptx).expect("PTX is text");
        assert!(text.contains(&format!(".visible .entry {}", kernel.symbol)), "{entry}: no entry in PTX");
        // Contraction is off: a multiplication followed by an addition stays two instructions, except where WGSL says fma.
        assert_eq!(text.contains("fma.rn.f32"), wgsl.contains("fma("), "{entry}");
        assert!(!text.contains(".ftz") && !text.contains(".approx"), "{entry}: inexact instruction");
        let cubin = nvrtc.compile(&kernel, "sm_90").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(cubin[..4], *b"\x7FELF", "{entry}: CUBIN is an ELF file");
    }
}

#[test]
fn refusals_carry_the_log() {
    let Some(nvrtc) = nvrtc() else { return };
    let (wgsl, entry) = kernels::all()[0];
    let mut kernel = translate_with(wgsl, entry, &Options::default()).unwrap();
    assert!(matches!(nvrtc.compile(&kernel, "gfx90a"), Err(NvrtcError::Architecture(_))));
    kernel.source.push_str("undeclared;");
    match nvrtc.compile(&kernel, "compute_80") {
        Err(NvrtcError::Compile { log, .. }) => assert!(log.contains("undeclared"), "{log}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_library_is_an_error() {
    let error = Nvrtc::open(Some("/nonexistent/libnvrtc.so".as_ref())).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/libnvrtc.so"), "{error}");
    assert!(OPTIONS.contains(&"--fmad=false"));
}
