//! Places: pointer expressions as C++ lvalues. They are never stored; their index values are, so a place means the same wherever
//! it is written down.

use super::{error::Result, functions::FunctionWriter, names, types::is_const};
use naga::{Expression, Handle, Type, TypeInner};

impl<'w> FunctionWriter<'w> {
    /// Whether an expression is a pointer.
    pub(super) fn is_pointer(&self, h: Handle<Expression>) -> bool {
        matches!(self.inner(h), TypeInner::Pointer { .. } | TypeInner::ValuePointer { .. })
    }

    /// Type behind a pointer expression.
    pub(super) fn pointee(&self, h: Handle<Expression>) -> Result<TypeInner> {
        match *self.inner(h) {
            TypeInner::Pointer { base, .. } => Ok(self.w.module.types[base].inner.clone()),
            TypeInner::ValuePointer { size: Some(size), scalar, .. } => Ok(TypeInner::Vector { size, scalar }),
            TypeInner::ValuePointer { size: None, scalar, .. } => Ok(TypeInner::Scalar(scalar)),
            _ => Err(self.unsupported("a value where a pointer is expected")),
        }
    }

    /// The object a pointer expression points to.
    pub(super) fn place_of(&self, h: Handle<Expression>) -> Result<String> {
        match self.fun.expressions[h] {
            Expression::GlobalVariable(global) => {
                let name = names::global(self.w.module, global);
                match self.w.module.global_variables[global].space {
                    naga::AddressSpace::Storage { .. } => Ok(format!("(*{name})")),
                    _ => Ok(name),
                }
            }
            Expression::LocalVariable(local) => Ok(names::local(self.fun, local)),
            Expression::FunctionArgument(index) => Ok(format!("(*{})", names::argument(self.fun, index as usize))),
            Expression::Access { base, index } => {
                let index = self.value(index)?;
                self.element(base, &index, true)
            }
            Expression::AccessIndex { base, index } => match self.pointee(base)? {
                TypeInner::Struct { ref members, .. } => {
                    let member = names::member(members, index as usize);
                    Ok(format!("{}.{member}", self.place_of(base)?))
                }
                _ => self.element(base, &format!("{index}u"), false),
            },
            ref other => Err(self.unsupported(format!("pointer from {other:?}"))),
        }
    }

    /// Element `index` of the array or vector behind `base`. Constant indices into fixed sizes were checked by the validator.
    fn element(&self, base: Handle<Expression>, index: &str, dynamic: bool) -> Result<String> {
        if let TypeInner::Pointer { base: array, .. } = *self.inner(base)
            && self.w.is_runtime_array(array)
        {
            let (pointer, len) = self.runtime_array(base, array)?;
            let value = self.padded_suffix(array);
            return Ok(format!("{pointer}[EP_INDEX({index}, {len})]{value}"));
        }
        let (len, suffix) = match (self.pointee(base)?, self.inner(base)) {
            (TypeInner::Vector { size, .. }, _) => (size as u32, ""),
            (TypeInner::Array { size, .. }, &TypeInner::Pointer { base: array, .. }) => {
                (self.w.array_len(size, &self.place)?, self.padded_suffix(array))
            }
            (other, _) => return Err(self.unsupported(format!("index into {other:?}"))),
        };
        let base = self.place_of(base)?;
        Ok(format!("{base}.e[{}]{suffix}", checked(index, len, dynamic)))
    }

    /// `.v` where elements of this array are wrapped.
    pub(super) fn padded_suffix(&self, array: Handle<Type>) -> &'static str {
        match self.w.module.types[array].inner {
            TypeInner::Array { base, stride, .. } if self.w.is_padded(base, stride) => ".v",
            _ => "",
        }
    }

    /// Pointer to the first element of a runtime array, and its length.
    fn runtime_array(&self, h: Handle<Expression>, array: Handle<Type>) -> Result<(String, String)> {
        match self.fun.expressions[h] {
            Expression::GlobalVariable(global) => {
                let name = names::global(self.w.module, global);
                Ok((name.clone(), format!("{name}_len")))
            }
            Expression::AccessIndex { base, index } => {
                let Expression::GlobalVariable(global) = self.fun.expressions[base] else {
                    return Err(self.unsupported("runtime array behind a pointer argument"));
                };
                let TypeInner::Struct { ref members, .. } = self.pointee(base)? else {
                    return Err(self.unsupported("runtime array outside a struct"));
                };
                let name = names::global(self.w.module, global);
                let element = self.w.element_name(array, &self.place)?;
                let space = self.w.module.global_variables[global].space;
                let constant = if is_const(space) { "const " } else { "" };
                let offset = members[index as usize].offset;
                Ok((
                    format!("(({constant}{element}*)(({constant}unsigned char*){name} + {offset}))"),
                    format!("{name}_len"),
                ))
            }
            _ => Err(self.unsupported("runtime array behind a pointer argument")),
        }
    }

    /// `arrayLength(&array)`.
    pub(super) fn array_length(&self, h: Handle<Expression>) -> Result<String> {
        match *self.inner(h) {
            TypeInner::Pointer { base, .. } if self.w.is_runtime_array(base) => {
                Ok(format!("(u32){}", self.runtime_array(h, base)?.1))
            }
            _ => Err(self.unsupported("arrayLength of something else than a runtime array")),
        }
    }

    /// The value behind a pointer, read now.
    pub(super) fn load(&self, pointer: Handle<Expression>) -> Result<String> {
        let place = self.place_of(pointer)?;
        Ok(match self.pointee(pointer)? {
            TypeInner::Atomic(_) => format!("ep_atomic_load(&{place})"),
            _ => place,
        })
    }
}

/// An index, checked by the emulator where the validator could not.
pub(super) fn checked(index: &str, len: u32, dynamic: bool) -> String {
    if dynamic { format!("EP_INDEX({index}, {len})") } else { index.to_owned() }
}
