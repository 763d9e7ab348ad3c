//! Functions: signature, local variables, and the state of writing one body.
//!
//! CUDA has no module-scope variables with WGSL's meaning (one private copy per invocation, bindings as kernel parameters), so
//! each function takes the globals it reaches as further parameters under the globals' own names; a body then reads the same
//! in the kernel and in a helper. All helpers are inlined, which gives shared memory its address space back.

use super::{
    error::{Result, TranslateError},
    module::Writer,
    names,
    types::is_const,
};
use naga::{AddressSpace, Expression, Function, GlobalVariable, Handle, TypeInner, valid::FunctionInfo};
use std::{collections::HashSet, fmt::Write as _};

/// Writes the body of one function.
pub(super) struct FunctionWriter<'w> {
    pub w: &'w Writer<'w>,
    pub fun: &'w Function,
    pub info: &'w FunctionInfo,
    /// Where we are, for errors.
    pub place: String,
    /// The text so far.
    pub out: String,
    pub depth: usize,
    /// Expressions that stand in a named local by now.
    pub baked: HashSet<Handle<Expression>>,
    /// Expressions whose local is declared ahead of the loop body they are computed in (see `loops`).
    pub hoisted: HashSet<Handle<Expression>>,
    /// The loops around the current statement: the label `continue` jumps to, where the loop has a continuing part.
    pub loops: Vec<Option<String>>,
    pub labels: usize,
}

impl<'w> FunctionWriter<'w> {
    /// A writer with nothing written.
    pub fn new(w: &'w Writer<'w>, fun: &'w Function, info: &'w FunctionInfo, place: String) -> Self {
        Self {
            w,
            fun,
            info,
            place,
            out: String::new(),
            depth: 0,
            baked: HashSet::new(),
            hoisted: HashSet::new(),
            loops: Vec::new(),
            labels: 0,
        }
    }

    /// One line at the current depth.
    pub fn line(&mut self, text: &str) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// The refusal of `construct` in this function.
    pub fn unsupported(&self, construct: impl Into<String>) -> TranslateError {
        TranslateError::unsupported(construct, &self.place)
    }

    /// Type of an expression.
    pub fn inner(&self, h: Handle<Expression>) -> &'w TypeInner {
        self.info[h].ty.inner_with(&self.w.module.types)
    }

    /// C++ type of an expression.
    pub fn type_of(&self, h: Handle<Expression>) -> Result<String> {
        match self.info[h].ty {
            naga::proc::TypeResolution::Handle(ty) => self.w.type_name(ty, &self.place),
            naga::proc::TypeResolution::Value(ref inner) => self.w.inner_name(inner, &self.place),
        }
    }

    /// A helper function, signature and body.
    pub fn write_function(&mut self, handle: Handle<Function>) -> Result<()> {
        let result = match self.fun.result {
            Some(ref result) => self.w.type_name(result.ty, &self.place)?,
            None => "void".to_owned(),
        };
        let mut parameters = Vec::new();
        for (index, argument) in self.fun.arguments.iter().enumerate() {
            let ty = self.w.type_name(argument.ty, &self.place)?;
            parameters.push(format!("{ty} {}", names::argument(self.fun, index)));
        }
        for &global in self.w.globals_of(handle) {
            parameters.push(self.w.global_parameter(global)?);
        }
        let name = names::function(self.w.module, handle);
        self.line(&format!("EP_FN {result} {name}({}) {{", parameters.join(", ")));
        self.depth += 1;
        self.write_locals()?;
        let fun = self.fun;
        self.block(&fun.body)?;
        self.depth -= 1;
        self.line("}");
        Ok(())
    }

    /// Declarations of the function's variables. Those of loops are set again where WGSL declares them, by stores in the body.
    pub fn write_locals(&mut self) -> Result<()> {
        for (handle, variable) in self.fun.local_variables.iter() {
            let ty = self.w.type_name(variable.ty, &self.place)?;
            let name = names::local(self.fun, handle);
            let init = match variable.init {
                Some(init) => self.value(init)?,
                None => format!("{ty}{{}}"),
            };
            self.line(&format!("{ty} {name} = {init};"));
        }
        Ok(())
    }
}

impl Writer<'_> {
    /// A global as a parameter of a helper function.
    pub(super) fn global_parameter(&self, h: Handle<GlobalVariable>) -> Result<String> {
        let global = &self.module.global_variables[h];
        let name = names::global(self.module, h);
        let place = format!("var {name}");
        match global.space {
            AddressSpace::Storage { .. } => {
                let pointer = self.storage_pointer(h)?;
                Ok(format!("{pointer} {name}, ep_u64 {name}_len"))
            }
            AddressSpace::Uniform => Ok(format!("const {}& {name}", self.type_name(global.ty, &place)?)),
            AddressSpace::Private | AddressSpace::WorkGroup => {
                Ok(format!("{}& {name}", self.type_name(global.ty, &place)?))
            }
            other => Err(TranslateError::unsupported(format!("address space {other:?}"), place)),
        }
    }

    /// C++ type of a storage binding's pointer: to the elements of a bare runtime array, to the whole object otherwise.
    pub(super) fn storage_pointer(&self, h: Handle<GlobalVariable>) -> Result<String> {
        let global = &self.module.global_variables[h];
        let place = format!("var {}", global.name.as_deref().unwrap_or("without a name"));
        let pointee = if self.is_runtime_array(global.ty) {
            self.element_name(global.ty, &place)?
        } else {
            self.type_name(global.ty, &place)?
        };
        // Only read-only buffers are `__restrict__`: through a written one, a neighbour's store before a barrier must be seen.
        let mut text = String::new();
        let _ = if is_const(global.space) {
            write!(text, "const {pointee}* __restrict__")
        } else {
            write!(text, "{pointee}*")
        };
        Ok(text)
    }
}
