//! Values. Every expression that naga emits becomes a named local at its `Emit` statement: it is evaluated exactly there and
//! once, and no C++ precedence or evaluation order can differ from the IR's. Literals, constants, zero values and arguments are
//! written where they are used.

use super::{
    error::{Result, TranslateError},
    functions::FunctionWriter,
    module::Writer,
    names,
    places::checked,
    types::{self, Field},
};
use naga::{Arena, Expression, Handle, Literal, Type, TypeInner};

impl FunctionWriter<'_> {
    /// Whether an expression is kept in a local: used values, but not pointers.
    pub(super) fn needs_local(&self, h: Handle<Expression>) -> bool {
        !self.is_pointer(h) && self.info[h].ref_count > 0
    }

    /// Evaluates an emitted expression into its local.
    pub(super) fn bake(&mut self, h: Handle<Expression>) -> Result<()> {
        if !self.needs_local(h) {
            return Ok(());
        }
        let text = self.render(h)?;
        self.declare(h, &text)
    }

    /// Gives expression `h` its local, holding `text`.
    pub(super) fn declare(&mut self, h: Handle<Expression>, text: &str) -> Result<()> {
        let name = names::value(self.fun, h);
        let line = if self.hoisted.contains(&h) {
            format!("{name} = {text};")
        } else {
            format!("const {} {name} = {text};", self.type_of(h)?)
        };
        self.line(&line);
        self.baked.insert(h);
        Ok(())
    }

    /// The value of an expression, at any place where the IR may use it.
    pub(super) fn value(&self, h: Handle<Expression>) -> Result<String> {
        if self.baked.contains(&h) { Ok(names::value(self.fun, h)) } else { self.render(h) }
    }

    /// C++ of one expression over the values of its operands.
    fn render(&self, h: Handle<Expression>) -> Result<String> {
        match self.fun.expressions[h] {
            Expression::Literal(literal) => self::literal(literal, &self.place),
            Expression::Constant(constant) => self.w.constant_value(constant, &self.place),
            Expression::ZeroValue(ty) => Ok(format!("{}{{}}", self.w.type_name(ty, &self.place)?)),
            Expression::Compose { ty, ref components } => {
                let mut parts = Vec::new();
                for &component in components {
                    self.part(component, &mut parts, ty)?;
                }
                self.w.compose_text(ty, &parts, &self.place)
            }
            Expression::Splat { size, value } => {
                let value = self.value(value)?;
                Ok(format!("{}{{{{{}}}}}", self.type_of(h)?, vec![value; size as usize].join(", ")))
            }
            Expression::Swizzle { size, vector, pattern } => {
                let vector = self.value(vector)?;
                let parts: Vec<_> = pattern[..size as usize]
                    .iter()
                    .map(|&component| format!("{vector}.e[{}]", component as u8))
                    .collect();
                Ok(format!("{}{{{{{}}}}}", self.type_of(h)?, parts.join(", ")))
            }
            Expression::FunctionArgument(index) => Ok(names::argument(self.fun, index as usize)),
            Expression::Access { base, index } => {
                let index = self.value(index)?;
                self.value_element(base, &index, true)
            }
            Expression::AccessIndex { base, index } => match *self.inner(base) {
                TypeInner::Struct { ref members, .. } => {
                    let member = names::member(members, index as usize);
                    Ok(format!("{}.{member}", self.value(base)?))
                }
                _ => self.value_element(base, &index.to_string(), false),
            },
            Expression::Load { pointer } => self.load(pointer),
            Expression::ArrayLength(array) => self.array_length(array),
            Expression::Unary { op, expr } => self.unary(op, expr),
            Expression::Binary { op, left, right } => self.binary(op, left, right),
            Expression::Select { condition, accept, reject } => {
                let (c, yes, no) = (self.value(condition)?, self.value(accept)?, self.value(reject)?);
                Ok(match *self.inner(condition) {
                    TypeInner::Vector { .. } => format!("ep_select({c}, {yes}, {no})"),
                    _ => format!("{c} ? {yes} : {no}"),
                })
            }
            Expression::Relational { fun, argument } => self.relational(fun, argument),
            Expression::Math { fun, arg, arg1, arg2, arg3 } => self.math(fun, &[Some(arg), arg1, arg2, arg3]),
            Expression::As { expr, kind, convert } => self.conversion(expr, kind, convert),
            ref other => Err(self.unsupported(construct(other))),
        }
    }

    /// Components of one operand of a composition: a vector inside a vector counts as its scalars.
    fn part(&self, h: Handle<Expression>, parts: &mut Vec<String>, whole: Handle<Type>) -> Result<()> {
        let value = self.value(h)?;
        match (&self.w.module.types[whole].inner, self.inner(h)) {
            (TypeInner::Vector { .. }, &TypeInner::Vector { size, .. }) => {
                parts.extend((0..size as u8).map(|k| format!("{value}.e[{k}]")));
            }
            _ => parts.push(value),
        }
        Ok(())
    }

    /// Element of an array or vector that is a value, not a variable.
    fn value_element(&self, base: Handle<Expression>, index: &str, dynamic: bool) -> Result<String> {
        let value = self.value(base)?;
        match *self.inner(base) {
            TypeInner::Vector { size, .. } => Ok(format!("{value}.e[{}]", checked(index, size as u32, dynamic))),
            TypeInner::Array { size, base: element, stride } => {
                let len = self.w.array_len(size, &self.place)?;
                let suffix = if self.w.is_padded(element, stride) { ".v" } else { "" };
                Ok(format!("{value}.e[{}]{suffix}", checked(index, len, dynamic)))
            }
            ref other => Err(self.unsupported(format!("index into {other:?}"))),
        }
    }
}

impl Writer<'_> {
    /// A module constant where it is used.
    fn constant_value(&self, h: Handle<naga::Constant>, place: &str) -> Result<String> {
        let constant = &self.module.constants[h];
        if self.is_table(constant.ty) {
            Ok(names::constant(self.module, h))
        } else {
            self.constant_text(constant.init, place)
        }
    }

    /// A constant expression of module scope, written out as a C++ constant initialiser.
    pub(super) fn constant_text(&self, h: Handle<Expression>, place: &str) -> Result<String> {
        let arena: &Arena<Expression> = &self.module.global_expressions;
        match arena[h] {
            Expression::Literal(value) => literal(value, place),
            // Written out again, not by name: a table's initialiser must not read another table.
            Expression::Constant(constant) => self.constant_text(self.module.constants[constant].init, place),
            Expression::ZeroValue(ty) => Ok(format!("{}{{}}", self.type_name(ty, place)?)),
            Expression::Compose { ty, ref components } => {
                let mut parts = Vec::new();
                for &component in components {
                    self.constant_parts(component, ty, &mut parts, place)?;
                }
                self.compose_text(ty, &parts, place)
            }
            Expression::Splat { size, value } => {
                let value = self.constant_text(value, place)?;
                let name = self.inner_name(self.info[h].inner_with(&self.module.types), place)?;
                Ok(format!("{name}{{{{{}}}}}", vec![value; size as usize].join(", ")))
            }
            ref other => Err(TranslateError::unsupported(format!("constant expression {other:?}"), place)),
        }
    }

    /// Components of one operand of a constant composition; vectors inside vectors are spread out.
    fn constant_parts(
        &self,
        h: Handle<Expression>,
        whole: Handle<Type>,
        parts: &mut Vec<String>,
        place: &str,
    ) -> Result<()> {
        let vector = matches!(self.module.types[whole].inner, TypeInner::Vector { .. });
        match self.module.global_expressions[h] {
            Expression::Compose { ref components, .. } if vector => {
                components.iter().try_for_each(|&c| self.constant_parts(c, whole, parts, place))
            }
            Expression::Splat { size, value } if vector => {
                let text = self.constant_text(value, place)?;
                parts.extend(std::iter::repeat_n(text, size as usize));
                Ok(())
            }
            _ => {
                parts.push(self.constant_text(h, place)?);
                Ok(())
            }
        }
    }

    /// `T{…}` over finished parts.
    fn compose_text(&self, ty: Handle<Type>, parts: &[String], place: &str) -> Result<String> {
        let name = self.type_name(ty, place)?;
        match self.module.types[ty].inner {
            TypeInner::Vector { .. } => Ok(format!("{name}{{{{{}}}}}", parts.join(", "))),
            TypeInner::Array { base, stride, .. } => {
                let padded = self.is_padded(base, stride);
                let parts: Vec<_> =
                    parts.iter().map(|part| if padded { format!("{{{part}}}") } else { part.clone() }).collect();
                Ok(format!("{name}{{{{{}}}}}", parts.join(", ")))
            }
            TypeInner::Struct { .. } => self.struct_text(ty, parts, place),
            ref other => Err(TranslateError::unsupported(format!("composing {other:?}"), place)),
        }
    }

    /// A struct from the values of its members; paddings are zero.
    pub(super) fn struct_text(&self, ty: Handle<Type>, parts: &[String], place: &str) -> Result<String> {
        let fields: Vec<_> = self
            .fields(ty)
            .into_iter()
            .map(|field| match field {
                Field::Member(index) => parts[index].clone(),
                Field::Padding(_) => "{}".to_owned(),
            })
            .collect();
        Ok(format!("{}{{{}}}", self.type_name(ty, place)?, fields.join(", ")))
    }
}

/// A literal, exactly: Rust prints the shortest decimal that reads back as the same `f32`, and so does C++ read it.
fn literal(value: Literal, place: &str) -> Result<String> {
    match value {
        Literal::F32(v) => Ok(if v.is_sign_negative() { format!("({v:?}f)") } else { format!("{v:?}f") }),
        Literal::I32(i32::MIN) => Ok("(-2147483647 - 1)".to_owned()),
        Literal::I32(v) if v < 0 => Ok(format!("({v})")),
        Literal::I32(v) => Ok(v.to_string()),
        Literal::U32(v) => Ok(format!("{v}u")),
        Literal::Bool(v) => Ok(v.to_string()),
        other => Err(TranslateError::unsupported(
            format!(
                "literal of type {}",
                types::scalar(other.scalar(), place).unwrap_or("outside f32, i32, u32, bool")
            ),
            place,
        )),
    }
}

/// WGSL's word for an expression outside the subset.
fn construct(expression: &Expression) -> String {
    match expression {
        Expression::ImageSample { .. } | Expression::ImageLoad { .. } | Expression::ImageQuery { .. } => {
            "textures".to_owned()
        }
        Expression::Derivative { .. } => "derivatives".to_owned(),
        Expression::SubgroupBallotResult | Expression::SubgroupOperationResult { .. } => {
            "subgroup operations".to_owned()
        }
        other => format!("expression {other:?}"),
    }
}
