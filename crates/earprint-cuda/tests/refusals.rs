//! What is not translated is refused by name, never passed through.

use earprint_cuda::translate::{Options, TranslateError, translate, translate_with};

const HEAD: &str = "@group(0) @binding(0) var<storage, read_write> out: array<f32>;\n";

/// A kernel `f` with declarations and a body, over a storage array `out`.
fn kernel(declarations: &str, body: &str) -> String {
    format!(
        "{declarations}\n{HEAD}@compute @workgroup_size(4) fn f(@builtin(local_invocation_index) i: u32) {{ {body} }}"
    )
}

fn refusal(wgsl: &str) -> TranslateError {
    match translate(wgsl, "f") {
        Err(error) => error,
        Ok(kernel) => panic!("translated:\n{}", kernel.source),
    }
}

#[track_caller]
fn unsupported(declarations: &str, body: &str, word: &str) {
    match refusal(&kernel(declarations, body)) {
        TranslateError::Unsupported { construct, place } => {
            assert!(construct.contains(word), "expected `{word}` in `{construct}`");
            assert!(!place.is_empty());
        }
        other => panic!("{other}"),
    }
}

#[test]
fn types_outside_the_subset() {
    unsupported("", "var m = mat2x2<f32>(1.0, 2.0, 3.0, f32(i)); out[i] = m[0].x;", "matrix");
    unsupported("enable f16;", "out[i] = f32(f16(i));", "16 bits");
    unsupported("", "out[i] = f32(u64(i) + 1lu);", "64 bits");
    unsupported(
        "@group(0) @binding(1) var t: texture_2d<f32>;",
        "out[i] = textureLoad(t, vec2<u32>(i), 0).x;",
        "textures",
    );
    unsupported(
        "struct In { a: f32, @align(32) b: f32 } struct S { x: f32, inner: In } var<private> s: S;",
        "s.x = 1.0; out[i] = s.x + s.inner.b;",
        "@align",
    );
}

#[test]
fn statements_and_functions_outside_the_subset() {
    unsupported("", "out[i] = subgroupAdd(1.0);", "subgroup");
    unsupported("", "out[i] = f32(pack4x8unorm(vec4<f32>(f32(i))));", "Pack4x8unorm");
    unsupported("", "out[i] = frexp(f32(i)).fract;", "Frexp");
}

#[test]
fn functions_whose_bits_differ_between_devices() {
    for call in [
        "sin(x)",
        "cos(x)",
        "tan(x)",
        "exp(x)",
        "exp2(x)",
        "log(x)",
        "log2(x)",
        "pow(x, 2.5)",
        "inverseSqrt(x)",
        "atan2(x, 2.0)",
        "length(vec2<f32>(x))",
        "normalize(vec2<f32>(x)).x",
        "mix(x, 2.0, 0.5)",
        "smoothstep(0.0, 1.0, x)",
        "x % 3.0",
        "radians(x)",
    ] {
        let error = refusal(&kernel("", &format!("let x = f32(i); out[i] = {call};")));
        let TranslateError::Inexact { function, place } = error else { panic!("{call}: {error}") };
        assert!(call.contains(function.split(' ').next().unwrap()), "{call}: {function}");
        assert_eq!(place, "fn f");
    }
}

#[test]
fn inexact_functions_when_allowed() {
    let options = Options { allow_inexact: true, ..Options::default() };
    let wgsl = kernel("", "let x = f32(i); out[i] = sin(x) + pow(x, 2.0) + inverseSqrt(x) + exp(vec2<f32>(x)).y;");
    let kernel = translate_with(&wgsl, "f", &options).unwrap();
    assert!(kernel.source.contains("ep_sin(") && kernel.source.contains("sinf"));
    // Without a definition for every device it stays refused.
    let mix = self::kernel("", "out[i] = mix(1.0, f32(i), 0.5);");
    assert!(matches!(translate_with(&mix, "f", &options), Err(TranslateError::Inexact { .. })));
    // The names are not even defined where they are not allowed.
    assert!(!translate(&self::kernel("", "out[i] = 1.0;"), "f").unwrap().source.contains("sinf"));
}

#[test]
fn texts_that_are_no_kernels() {
    assert!(matches!(refusal("fn f( {"), TranslateError::Parse(_)));
    assert!(matches!(refusal(&kernel("", "out[i] = 1u;")), TranslateError::Parse(_) | TranslateError::Validation(_)));
    match translate(&kernel("", ""), "g") {
        Err(TranslateError::EntryNotFound { entry, found }) => assert_eq!((entry.as_str(), found.as_str()), ("g", "f")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(refusal("@fragment fn f() {}"), TranslateError::EntryNotFound { .. }));
    // naga itself refuses pointers into workgroup and storage memory as arguments.
    let pointer = kernel("fn g(p: ptr<storage, array<f32>, read_write>) { (*p)[0] = 1.0; }", "g(&out);");
    assert!(matches!(refusal(&pointer), TranslateError::Validation(_)));
}

#[test]
fn override_constants_without_a_value_or_a_name() {
    let wgsl = kernel("override a: f32; override b: f32 = 2.0;", "out[i] = a * b;");
    assert!(matches!(refusal(&wgsl), TranslateError::Override(_)));
    let with = |name: &str| {
        let options = Options { overrides: vec![(name.to_owned(), 1.0)], ..Options::default() };
        translate_with(&wgsl, "f", &options)
    };
    assert!(with("a").is_ok());
    assert!(matches!(with("c"), Err(TranslateError::Override(_))));
}

#[test]
fn too_many_parameter_bytes() {
    let wgsl = kernel("@group(0) @binding(1) var<uniform> big: array<vec4<f32>, 300>;", "out[i] = big[i].x;");
    match refusal(&wgsl) {
        TranslateError::ParametersTooLarge { bytes, max } => assert!(bytes > max),
        other => panic!("{other}"),
    }
}

#[test]
fn only_what_the_entry_point_reaches_counts() {
    let wgsl = format!(
        "{HEAD}@group(0) @binding(1) var t: texture_2d<f32>;
        @group(0) @binding(2) var<storage, read> unused: array<f32>;
        override missing: f32;
        fn other() -> f32 {{ return sin(missing) + unused[0]; }}
        @compute @workgroup_size(1) fn g() {{ out[0] = other() + textureLoad(t, vec2<u32>(), 0).x; }}
        @compute @workgroup_size(4) fn f(@builtin(local_invocation_index) i: u32) {{ out[i] = 1.0; }}"
    );
    let kernel = translate(&wgsl, "f").unwrap();
    let names: Vec<_> = kernel.bindings.iter().map(|b| b.name.as_str()).collect();
    assert_eq!(names, ["out"]);
}

#[test]
fn translation_is_repeatable() {
    let wgsl = kernel(
        "",
        "loop { if (i > 2u) { break; } let a = out[i]; let b = a * a; if (b > 1.0) { continue; } continuing { out[i] = a + b; break if b > 3.0; } }",
    );
    assert_eq!(translate(&wgsl, "f").unwrap(), translate(&wgsl, "f").unwrap());
}
