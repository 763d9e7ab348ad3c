//! Built-in functions, in three classes: exact everywhere (translated), rounded differently by each device (refused, or
//! translated when asked for), and not in the subset (refused).

use super::{
    error::{Result, TranslateError},
    functions::FunctionWriter,
};
use naga::{Expression, Handle, MathFunction as M};

/// What is known of a built-in.
enum Class {
    /// Prelude function with the same result on every device.
    Exact(&'static str),
    /// Its last bits differ between devices; the CUDA function, and WGSL's name.
    Inexact(&'static str, &'static str),
    /// As [`Class::Inexact`], and not translated even when that is allowed.
    Refused(&'static str),
    /// Not in the subset.
    Unsupported,
}

fn class(fun: M) -> Class {
    use Class::{Exact, Inexact, Refused, Unsupported};
    match fun {
        M::Abs => Exact("abs"),
        M::Min => Exact("min"),
        M::Max => Exact("max"),
        M::Clamp => Exact("clamp"),
        M::Saturate => Exact("saturate"),
        M::Ceil => Exact("ceil"),
        M::Floor => Exact("floor"),
        M::Round => Exact("round"),
        M::Fract => Exact("fract"),
        M::Trunc => Exact("trunc"),
        M::Sign => Exact("sign"),
        M::Step => Exact("step"),
        M::Sqrt => Exact("sqrt"),
        M::Fma => Exact("fma"),
        M::Dot => Exact("dot"),
        M::QuantizeToF16 => Exact("quantize_f16"),
        M::CountTrailingZeros => Exact("ctz"),
        M::CountLeadingZeros => Exact("clz"),
        M::CountOneBits => Exact("count_one_bits"),
        M::ReverseBits => Exact("reverse_bits"),
        M::ExtractBits => Exact("extract_bits"),
        M::InsertBits => Exact("insert_bits"),
        M::FirstTrailingBit => Exact("first_trailing_bit"),
        M::FirstLeadingBit => Exact("first_leading_bit"),
        M::Pack2x16float => Exact("pack2x16float"),
        M::Unpack2x16float => Exact("unpack2x16float"),
        M::Sin => Inexact("sin", "sin"),
        M::Cos => Inexact("cos", "cos"),
        M::Tan => Inexact("tan", "tan"),
        M::Asin => Inexact("asin", "asin"),
        M::Acos => Inexact("acos", "acos"),
        M::Atan => Inexact("atan", "atan"),
        M::Atan2 => Inexact("atan2", "atan2"),
        M::Sinh => Inexact("sinh", "sinh"),
        M::Cosh => Inexact("cosh", "cosh"),
        M::Tanh => Inexact("tanh", "tanh"),
        M::Exp => Inexact("exp", "exp"),
        M::Exp2 => Inexact("exp2", "exp2"),
        M::Log => Inexact("log", "log"),
        M::Log2 => Inexact("log2", "log2"),
        M::Pow => Inexact("pow", "pow"),
        M::InverseSqrt => Inexact("inverse_sqrt", "inverseSqrt"),
        M::Asinh => Refused("asinh"),
        M::Acosh => Refused("acosh"),
        M::Atanh => Refused("atanh"),
        M::Radians => Refused("radians"),
        M::Degrees => Refused("degrees"),
        M::Length => Refused("length"),
        M::Distance => Refused("distance"),
        M::Normalize => Refused("normalize"),
        M::Mix => Refused("mix"),
        M::SmoothStep => Refused("smoothstep"),
        M::Cross => Refused("cross"),
        M::Reflect => Refused("reflect"),
        M::Refract => Refused("refract"),
        M::Ldexp => Refused("ldexp"),
        _ => Unsupported,
    }
}

impl FunctionWriter<'_> {
    pub(super) fn math(&self, fun: M, arguments: &[Option<Handle<Expression>>]) -> Result<String> {
        let inexact =
            |function: &str| Err(TranslateError::Inexact { function: function.to_owned(), place: self.place.clone() });
        let name = match class(fun) {
            Class::Exact(name) => name,
            Class::Inexact(name, _) if self.w.options.allow_inexact => name,
            Class::Inexact(_, function) | Class::Refused(function) => return inexact(function),
            Class::Unsupported => return Err(self.unsupported(format!("built-in function {fun:?}"))),
        };
        let values = arguments.iter().flatten().map(|&h| self.value(h)).collect::<Result<Vec<_>>>()?;
        Ok(format!("ep_{name}({})", values.join(", ")))
    }
}
