//! C++ names. Each WGSL name keeps its spelling between a prefix that tells its kind and a number that makes it unique, so
//! no WGSL name can meet a C++ keyword, a CUDA built-in, the prelude (`ep_`), or another name.

use naga::{Handle, Module};

/// Letters, digits and single underscores of `name`; anything else becomes an underscore.
pub(super) fn plain(name: Option<&String>) -> String {
    let mut out = String::new();
    for c in name.map_or("", String::as_str).chars() {
        let c = if c.is_ascii_alphanumeric() { c } else { '_' };
        // Double underscores are reserved in C++.
        if c != '_' || !out.ends_with('_') {
            out.push(c);
        }
    }
    out
}

/// `prefix_name_index`, without a double underscore where the name is empty or begins or ends with one.
fn numbered(prefix: &str, name: Option<&String>, index: usize) -> String {
    let name = plain(name);
    match name.trim_matches('_') {
        "" => format!("{prefix}{index}"),
        name => format!("{prefix}_{name}_{index}"),
    }
}

/// A struct or array type.
pub(super) fn type_name(module: &Module, ty: Handle<naga::Type>) -> String {
    let prefix = match module.types[ty].inner {
        naga::TypeInner::Struct { .. } => "S",
        _ => "A",
    };
    numbered(prefix, module.types[ty].name.as_ref(), ty.index())
}

/// The element of an array, where it needs padding up to the stride.
pub(super) fn element_name(module: &Module, array: Handle<naga::Type>) -> String {
    format!("{}_element", type_name(module, array))
}

/// A struct member.
pub(super) fn member(members: &[naga::StructMember], index: usize) -> String {
    numbered("m", members[index].name.as_ref(), index)
}

/// A module-scope variable; its length, for storage buffers, has `_len` behind it.
pub(super) fn global(module: &Module, h: Handle<naga::GlobalVariable>) -> String {
    numbered("g", module.global_variables[h].name.as_ref(), h.index())
}

/// A constant table.
pub(super) fn constant(module: &Module, h: Handle<naga::Constant>) -> String {
    numbered("c", module.constants[h].name.as_ref(), h.index())
}

/// A function other than the entry point.
pub(super) fn function(module: &Module, h: Handle<naga::Function>) -> String {
    numbered("f", module.functions[h].name.as_ref(), h.index())
}

/// A function argument.
pub(super) fn argument(fun: &naga::Function, index: usize) -> String {
    numbered("a", fun.arguments[index].name.as_ref(), index)
}

/// A `var` inside a function.
pub(super) fn local(fun: &naga::Function, h: Handle<naga::LocalVariable>) -> String {
    numbered("v", fun.local_variables[h].name.as_ref(), h.index())
}

/// The value of an expression, with the `let` name where there is one.
pub(super) fn value(fun: &naga::Function, h: Handle<naga::Expression>) -> String {
    numbered("e", fun.named_expressions.get(&h), h.index())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_cpp() {
        assert_eq!(numbered("g", Some(&"power".to_owned()), 3), "g_power_3");
        assert_eq!(numbered("m", Some(&"_a__b_".to_owned()), 0), "m_a_b_0");
        assert_eq!(numbered("v", Some(&"größe".to_owned()), 1), "v_gr_e_1");
        assert_eq!(numbered("e", None, 12), "e12");
    }
}
