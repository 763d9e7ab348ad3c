//! Types: their C++ names, and declarations whose memory layout is WGSL's, byte by byte.
//!
//! WGSL aligns `vec3` to 16 bytes but lets a scalar follow in its fourth word; C++ does not. So vectors of three carry no
//! alignment of their own, and every struct gets explicit padding members and `static_assert`s on size and offsets. Fixed
//! arrays are wrapped in a struct (`.e[i]`) to be copied by value; an element smaller than the stride is wrapped too (`.v`).

use super::{
    error::{Result, TranslateError},
    module::Writer,
    names,
};
use naga::{AddressSpace, ArraySize, Handle, Scalar, ScalarKind, Type, TypeInner};
use std::fmt::Write as _;

/// One C++ member of a translated struct.
pub(super) enum Field {
    /// The WGSL member with this index.
    Member(usize),
    /// Bytes between members.
    Padding(u32),
}

/// `f32`, `i32`, `u32` or `bool`.
pub(super) fn scalar(s: Scalar, place: &str) -> Result<&'static str> {
    match (s.kind, s.width) {
        (ScalarKind::Float, 4) => Ok("f32"),
        (ScalarKind::Sint, 4) => Ok("i32"),
        (ScalarKind::Uint, 4) => Ok("u32"),
        (ScalarKind::Bool, _) => Ok("bool"),
        (kind, width) => {
            Err(TranslateError::unsupported(format!("scalar type {kind:?} of {} bits", u32::from(width) * 8), place))
        }
    }
}

/// Whether the kernel may not write through pointers into `space`.
pub(super) fn is_const(space: AddressSpace) -> bool {
    match space {
        AddressSpace::Uniform => true,
        AddressSpace::Storage { access } => !access.contains(naga::StorageAccess::STORE),
        _ => false,
    }
}

impl Writer<'_> {
    /// C++ name of a type.
    pub(super) fn type_name(&self, ty: Handle<Type>, place: &str) -> Result<String> {
        match self.module.types[ty].inner {
            TypeInner::Struct { .. } => Ok(names::type_name(self.module, ty)),
            TypeInner::Array { size, .. } if size != ArraySize::Dynamic => Ok(names::type_name(self.module, ty)),
            ref inner => self.inner_name(inner, place),
        }
    }

    /// C++ name of a type that needs no declaration.
    pub(super) fn inner_name(&self, inner: &TypeInner, place: &str) -> Result<String> {
        let pointer = |name: String, space| {
            let qualifier = if is_const(space) { "const " } else { "" };
            format!("{qualifier}{name}*")
        };
        match *inner {
            TypeInner::Scalar(s) => Ok(scalar(s, place)?.to_owned()),
            TypeInner::Vector { size, scalar: s } => Ok(format!("{}x{}", scalar(s, place)?, size as u8)),
            TypeInner::Atomic(s) if matches!(s.kind, ScalarKind::Sint | ScalarKind::Uint) => {
                Ok(scalar(s, place)?.to_owned())
            }
            TypeInner::Pointer { base, space } => {
                if self.module.types[base].inner.is_dynamically_sized(&self.module.types) {
                    return Err(TranslateError::unsupported("pointer to a runtime-sized value as an argument", place));
                }
                Ok(pointer(self.type_name(base, place)?, space))
            }
            TypeInner::ValuePointer { size, scalar, space } => {
                let pointee = match size {
                    Some(size) => TypeInner::Vector { size, scalar },
                    None => TypeInner::Scalar(scalar),
                };
                Ok(pointer(self.inner_name(&pointee, place)?, space))
            }
            ref other => Err(TranslateError::unsupported(construct(other), place)),
        }
    }

    /// Bytes of a value of this type; what stands before the runtime array of an unsized struct.
    pub(super) fn size(&self, ty: Handle<Type>) -> u32 {
        self.layouter[ty].size
    }

    /// Whether array elements of type `base` are wrapped to reach `stride`.
    pub(super) fn is_padded(&self, base: Handle<Type>, stride: u32) -> bool {
        self.size(base) != stride
    }

    /// C++ name of the elements of array type `array`.
    pub(super) fn element_name(&self, array: Handle<Type>, place: &str) -> Result<String> {
        let TypeInner::Array { base, stride, .. } = self.module.types[array].inner else {
            panic!("element_name is asked of arrays only")
        };
        if self.is_padded(base, stride) {
            Ok(names::element_name(self.module, array))
        } else {
            self.type_name(base, place)
        }
    }

    /// C++ members of a struct in order. The runtime array at the end of an unsized struct is left out: it is reached by offset.
    pub(super) fn fields(&self, ty: Handle<Type>) -> Vec<Field> {
        let TypeInner::Struct { ref members, span } = self.module.types[ty].inner else {
            panic!("fields is asked of structs only")
        };
        let mut out = Vec::new();
        let mut cursor = 0;
        for (index, member) in members.iter().enumerate() {
            if self.is_runtime_array(member.ty) {
                return out;
            }
            if member.offset > cursor {
                out.push(Field::Padding(member.offset - cursor));
            }
            out.push(Field::Member(index));
            cursor = member.offset + self.size(member.ty);
        }
        if span > cursor {
            out.push(Field::Padding(span - cursor));
        }
        out
    }

    /// Whether this is `array<T>` without a length.
    pub(super) fn is_runtime_array(&self, ty: Handle<Type>) -> bool {
        matches!(self.module.types[ty].inner, TypeInner::Array { size: ArraySize::Dynamic, .. })
    }

    /// Declarations of all structs and arrays, in the arena's order (a type comes after its parts).
    pub(super) fn declare_types(&self, out: &mut String) -> Result<()> {
        for (ty, Type { name, inner }) in self.module.types.iter() {
            let place = format!("type {}", name.as_deref().unwrap_or("without a name"));
            match *inner {
                TypeInner::Array { base, size, stride } => {
                    self.check_nested(base, &place)?;
                    self.declare_array(out, ty, base, size, stride, &place)?;
                }
                TypeInner::Struct { ref members, span } => {
                    self.declare_struct(out, ty, members, span, &place)?;
                }
                // Pointers are checked where they are used; their pointee stands in the arena itself.
                TypeInner::Pointer { .. } => {}
                ref other => drop(self.inner_name(other, &place)?),
            }
        }
        Ok(())
    }

    fn declare_array(
        &self,
        out: &mut String,
        ty: Handle<Type>,
        base: Handle<Type>,
        size: ArraySize,
        stride: u32,
        place: &str,
    ) -> Result<()> {
        if self.is_padded(base, stride) {
            let element = names::element_name(self.module, ty);
            let value = self.type_name(base, place)?;
            let padding = stride - self.size(base);
            let _ = writeln!(
                out,
                "struct {element} {{ {value} v; unsigned char padding[{padding}]; }};\n\
                 static_assert(sizeof({element}) == {stride}, \"WGSL stride\");"
            );
        }
        if size != ArraySize::Dynamic {
            let name = names::type_name(self.module, ty);
            let element = self.element_name(ty, place)?;
            let len = self.array_len(size, place)?;
            let bytes = u64::from(len) * u64::from(stride);
            let _ = writeln!(
                out,
                "struct {name} {{ {element} e[{len}]; }};\n\
                 static_assert(sizeof({name}) == {bytes}, \"WGSL size\");"
            );
        }
        Ok(())
    }

    /// Refuses a struct inside another type when a member may carry an `@align` above the struct's own alignment: naga 30.0.1 then
    /// places the struct by its members' types alone, WGSL (and so a browser) by the attribute.
    fn check_nested(&self, ty: Handle<Type>, place: &str) -> Result<()> {
        let TypeInner::Struct { ref members, .. } = self.module.types[ty].inner else {
            return Ok(());
        };
        let own = self.layouter[ty].alignment;
        let mut cursor = 0;
        for member in members {
            let natural = self.layouter[member.ty].alignment.round_up(cursor);
            if member.offset > natural && member.offset % (own.round_up(1) * 2) == 0 {
                return Err(TranslateError::unsupported("@align or @size inside a nested struct", place));
            }
            cursor = member.offset + self.size(member.ty);
        }
        Ok(())
    }

    /// Length of a fixed array, override constants included.
    pub(super) fn array_len(&self, size: ArraySize, place: &str) -> Result<u32> {
        match size.resolve(self.module.to_ctx()) {
            Ok(naga::proc::IndexableLength::Known(len)) => Ok(len),
            _ => Err(TranslateError::unsupported("array without a fixed length", place)),
        }
    }

    fn declare_struct(
        &self,
        out: &mut String,
        ty: Handle<Type>,
        members: &[naga::StructMember],
        span: u32,
        place: &str,
    ) -> Result<()> {
        let name = names::type_name(self.module, ty);
        let alignment = self.layouter[ty].alignment.round_up(1);
        let mut asserts = String::new();
        let _ = writeln!(out, "struct alignas({alignment}) {name} {{");
        for (nth, field) in self.fields(ty).into_iter().enumerate() {
            match field {
                Field::Padding(bytes) => {
                    let _ = writeln!(out, "  unsigned char padding{nth}[{bytes}];");
                }
                Field::Member(index) => {
                    self.check_nested(members[index].ty, place)?;
                    let member_type = self.type_name(members[index].ty, place)?;
                    let member = names::member(members, index);
                    let _ = writeln!(out, "  {member_type} {member};");
                    let _ = writeln!(
                        asserts,
                        "static_assert(__builtin_offsetof({name}, {member}) == {}, \"WGSL offset\");",
                        members[index].offset
                    );
                }
            }
        }
        let _ = writeln!(out, "}};");
        out.push_str(&asserts);
        if !members.last().is_some_and(|m| self.is_runtime_array(m.ty)) {
            let _ = writeln!(out, "static_assert(sizeof({name}) == {span}, \"WGSL size\");");
        }
        Ok(())
    }
}

/// WGSL's word for a type outside the subset.
fn construct(inner: &TypeInner) -> String {
    match inner {
        TypeInner::Matrix { .. } => "matrix types".to_owned(),
        TypeInner::Atomic(s) => format!("atomic of {:?} with {} bytes", s.kind, s.width),
        TypeInner::Image { .. } => "textures".to_owned(),
        TypeInner::Sampler { .. } => "samplers".to_owned(),
        TypeInner::BindingArray { .. } => "binding arrays".to_owned(),
        TypeInner::Array { .. } => "a runtime-sized array as a value".to_owned(),
        TypeInner::AccelerationStructure { .. } | TypeInner::RayQuery { .. } => "ray queries".to_owned(),
        other => format!("type {other:?}"),
    }
}
