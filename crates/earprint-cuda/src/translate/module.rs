//! The whole text: prelude, types, constant tables, functions in the arena's order, and the kernel.

use super::{
    PRELUDE,
    error::{Result, TranslateError},
    functions::FunctionWriter,
    kernel::{CudaKernel, Options},
    loops, names,
};
use naga::{Expression, GlobalVariable, Handle, Module, Statement, TypeInner, proc::Layouter, valid::ModuleInfo};
use std::{collections::BTreeSet, fmt::Write as _};

/// CUDA functions for the built-ins that [`Options::allow_inexact`] admits.
const INEXACT: &str = include_str!("inexact.h");

/// What every part of the writer may look at; nothing here changes while it writes.
pub(super) struct Writer<'a> {
    pub module: &'a Module,
    pub info: &'a ModuleInfo,
    pub options: &'a Options,
    pub layouter: Layouter,
    /// Globals that each function reaches, itself or through the functions it calls: they become its last parameters.
    reached: Vec<BTreeSet<Handle<GlobalVariable>>>,
}

impl<'a> Writer<'a> {
    /// Prepares the layouts and the globals of every function.
    pub fn new(module: &'a Module, info: &'a ModuleInfo, options: &'a Options) -> Result<Self> {
        let mut layouter = Layouter::default();
        layouter.update(module.to_ctx()).map_err(|e| TranslateError::Validation(e.to_string()))?;
        let mut writer = Self { module, info, options, layouter, reached: Vec::new() };
        for (_, function) in module.functions.iter() {
            let reached = writer.globals_reached(function);
            writer.reached.push(reached);
        }
        Ok(writer)
    }

    /// Writes the kernel.
    pub fn write(&self) -> Result<CudaKernel> {
        let mut code = String::new();
        self.declare_types(&mut code)?;
        self.declare_tables(&mut code)?;
        for (handle, function) in self.module.functions.iter() {
            let name = function.name.as_deref().unwrap_or("without a name");
            let mut writer = FunctionWriter::new(self, function, &self.info[handle], format!("fn {name}"));
            writer.write_function(handle)?;
            code.push_str(&writer.out);
        }
        let mut kernel = self.write_entry(&mut code)?;
        kernel.uses_barriers = code.contains("EP_BARRIER()");
        let inexact = if self.options.allow_inexact { INEXACT } else { "" };
        kernel.source = format!("{PRELUDE}{inexact}\n// Translated from WGSL entry point {}\n{code}", kernel.entry);
        Ok(kernel)
    }

    /// Globals reached by a function other than the entry point, in a fixed order.
    pub fn globals_of(&self, function: Handle<naga::Function>) -> &BTreeSet<Handle<GlobalVariable>> {
        &self.reached[function.index()]
    }

    /// Globals that `function` names or that its callees reach. Callees come first in the arena, so their sets are known.
    fn globals_reached(&self, function: &naga::Function) -> BTreeSet<Handle<GlobalVariable>> {
        let mut reached = BTreeSet::new();
        for (_, expression) in function.expressions.iter() {
            if let Expression::GlobalVariable(global) = *expression {
                reached.insert(global);
            }
        }
        loops::visit(&function.body, &mut |statement| {
            if let Statement::Call { function, .. } = *statement {
                reached.extend(self.reached[function.index()].iter().copied());
            }
        });
        reached
    }

    /// Module constants that are arrays or structs become tables in device memory; smaller ones are written where used.
    fn declare_tables(&self, out: &mut String) -> Result<()> {
        for (handle, constant) in self.module.constants.iter() {
            if !self.is_table(constant.ty) {
                continue;
            }
            let place = format!("const {}", constant.name.as_deref().unwrap_or("without a name"));
            let ty = self.type_name(constant.ty, &place)?;
            let init = self.constant_text(constant.init, &place)?;
            let name = names::constant(self.module, handle);
            let _ = writeln!(out, "EP_TABLE {ty} {name} = {init};");
        }
        Ok(())
    }

    /// Whether constants of this type are kept as tables.
    pub fn is_table(&self, ty: Handle<naga::Type>) -> bool {
        matches!(self.module.types[ty].inner, TypeInner::Array { .. } | TypeInner::Struct { .. })
    }
}
