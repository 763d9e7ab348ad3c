//! Operators and conversions. Plain C++ operators where the meaning is the same, prelude functions where it is not: signed
//! arithmetic wraps, division by zero has a value, shifts count modulo 32, conversions from f32 saturate.

use super::{
    error::{Result, TranslateError},
    functions::FunctionWriter,
};
use naga::{
    BinaryOperator as Op, Expression, Handle, RelationalFunction, ScalarKind as Kind, TypeInner, UnaryOperator,
};

impl FunctionWriter<'_> {
    /// Scalar kind of a scalar or vector, and whether it is a scalar.
    fn shape(&self, h: Handle<Expression>) -> Result<(Kind, bool)> {
        match *self.inner(h) {
            TypeInner::Scalar(s) => Ok((s.kind, true)),
            TypeInner::Vector { scalar, .. } => Ok((scalar.kind, false)),
            ref other => Err(self.unsupported(format!("operator on {other:?}"))),
        }
    }

    pub(super) fn unary(&self, op: UnaryOperator, h: Handle<Expression>) -> Result<String> {
        let value = self.value(h)?;
        let name = match op {
            UnaryOperator::Negate => "neg",
            UnaryOperator::LogicalNot => "lnot",
            UnaryOperator::BitwiseNot => "not",
        };
        self.shape(h)?;
        Ok(format!("ep_{name}({value})"))
    }

    pub(super) fn binary(&self, op: Op, left: Handle<Expression>, right: Handle<Expression>) -> Result<String> {
        let ((kind, left_scalar), (_, right_scalar)) = (self.shape(left)?, self.shape(right)?);
        let scalars = left_scalar && right_scalar;
        let (l, r) = (self.value(left)?, self.value(right)?);
        let (name, symbol, same_in_cpp) = match op {
            Op::Add => ("add", "+", kind != Kind::Sint),
            Op::Subtract => ("sub", "-", kind != Kind::Sint),
            Op::Multiply => ("mul", "*", kind != Kind::Sint),
            Op::Divide => ("div", "/", kind == Kind::Float),
            Op::Modulo if kind == Kind::Float => {
                return Err(TranslateError::Inexact { function: "% of f32".to_owned(), place: self.place.clone() });
            }
            Op::Modulo => ("rem", "%", false),
            Op::Equal => ("eq", "==", true),
            Op::NotEqual => ("ne", "!=", true),
            Op::Less => ("lt", "<", true),
            Op::LessEqual => ("le", "<=", true),
            Op::Greater => ("gt", ">", true),
            Op::GreaterEqual => ("ge", ">=", true),
            Op::And => ("and", "&", kind != Kind::Bool),
            Op::ExclusiveOr => ("xor", "^", kind != Kind::Bool),
            Op::InclusiveOr => ("or", "|", kind != Kind::Bool),
            Op::LogicalAnd => ("and", "&&", true),
            Op::LogicalOr => ("or", "||", true),
            Op::ShiftLeft => ("shl", "<<", false),
            Op::ShiftRight => ("shr", ">>", false),
        };
        Ok(if scalars && same_in_cpp { format!("{l} {symbol} {r}") } else { format!("ep_{name}({l}, {r})") })
    }

    pub(super) fn relational(&self, fun: RelationalFunction, h: Handle<Expression>) -> Result<String> {
        let value = self.value(h)?;
        match fun {
            RelationalFunction::All => Ok(format!("ep_all({value})")),
            RelationalFunction::Any => Ok(format!("ep_any({value})")),
            other => Err(self.unsupported(format!("{other:?}"))),
        }
    }

    /// `f32(x)` and its kin, and `bitcast`.
    pub(super) fn conversion(&self, h: Handle<Expression>, kind: Kind, convert: Option<u8>) -> Result<String> {
        let value = self.value(h)?;
        self.shape(h)?;
        let to = match (kind, convert) {
            (Kind::Float, None | Some(4)) => "f32",
            (Kind::Sint, None | Some(4)) => "i32",
            (Kind::Uint, None | Some(4)) => "u32",
            (Kind::Bool, Some(_)) => "bool",
            (kind, width) => {
                let bits = 8 * u32::from(width.unwrap_or(4));
                return Err(self.unsupported(format!("conversion to {kind:?} of {bits} bits")));
            }
        };
        let how = if convert.is_some() { "to" } else { "bits" };
        Ok(format!("ep_{how}_{to}({value})"))
    }
}
