//! Statements: control flow, stores, calls, barriers, atomics.

use super::{error::Result, functions::FunctionWriter, names};
use naga::{AtomicFunction, Barrier, Block, Expression, Handle, Statement, SwitchCase, SwitchValue, TypeInner};

impl FunctionWriter<'_> {
    /// All statements of a block, at the current depth and without braces.
    pub(super) fn block(&mut self, block: &Block) -> Result<()> {
        block.iter().try_for_each(|statement| self.statement(statement))
    }

    /// `head {`, the block, `}`.
    fn braces(&mut self, head: &str, block: &Block) -> Result<()> {
        self.line(&format!("{head}{{"));
        self.depth += 1;
        self.block(block)?;
        self.depth -= 1;
        self.line("}");
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<()> {
        match *statement {
            Statement::Emit(ref range) => range.clone().try_for_each(|h| self.bake(h)),
            Statement::Block(ref inner) => self.braces("", inner),
            Statement::If { condition, ref accept, ref reject } => {
                let condition = self.value(condition)?;
                self.braces(&format!("if ({condition}) "), accept)?;
                if !reject.is_empty() {
                    self.braces("else ", reject)?;
                }
                Ok(())
            }
            Statement::Switch { selector, ref cases } => self.switch(selector, cases),
            Statement::Loop { ref body, ref continuing, break_if } => self.loop_statement(body, continuing, break_if),
            Statement::Break => {
                self.line("break;");
                Ok(())
            }
            Statement::Continue => {
                let text = match self.loops.last() {
                    Some(Some(label)) => format!("goto {label};"),
                    _ => "continue;".to_owned(),
                };
                self.line(&text);
                Ok(())
            }
            Statement::Return { value } => {
                let text = match value {
                    Some(value) => format!("return {};", self.value(value)?),
                    None => "return;".to_owned(),
                };
                self.line(&text);
                Ok(())
            }
            Statement::ControlBarrier(flags) => self.barrier(flags),
            Statement::MemoryBarrier(_) => Err(self.unsupported("memory barrier without control barrier")),
            Statement::Store { pointer, value } => self.store(pointer, value),
            Statement::Atomic { pointer, fun, value, result } => self.atomic(pointer, fun, value, result),
            Statement::WorkGroupUniformLoad { pointer, result } => {
                // Between two barriers all invocations read the same word: one to see it written, one to keep it until all read.
                self.line("EP_BARRIER();");
                let text = self.load(pointer)?;
                self.declare(result, &text)?;
                self.line("EP_BARRIER();");
                Ok(())
            }
            Statement::Call { function, ref arguments, result } => {
                let text = self.call(function, arguments)?;
                self.declare_or_drop(result, &text)
            }
            Statement::Kill => Err(self.unsupported("discard")),
            Statement::ImageStore { .. } | Statement::ImageAtomic { .. } => Err(self.unsupported("textures")),
            Statement::SubgroupBallot { .. }
            | Statement::SubgroupGather { .. }
            | Statement::SubgroupCollectiveOperation { .. } => Err(self.unsupported("subgroup operations")),
            Statement::RayQuery { .. } | Statement::RayPipelineFunction(_) => Err(self.unsupported("ray tracing")),
            Statement::CooperativeStore { .. } => Err(self.unsupported("cooperative matrices")),
        }
    }

    fn switch(&mut self, selector: Handle<Expression>, cases: &[SwitchCase]) -> Result<()> {
        let selector = self.value(selector)?;
        self.line(&format!("switch ({selector}) {{"));
        self.depth += 1;
        for case in cases {
            let label = match case.value {
                SwitchValue::I32(i32::MIN) => "case (-2147483647 - 1):".to_owned(),
                SwitchValue::I32(v) => format!("case {v}:"),
                SwitchValue::U32(v) => format!("case {v}u:"),
                SwitchValue::Default => "default:".to_owned(),
            };
            if case.fall_through && case.body.is_empty() {
                self.line(&label);
                continue;
            }
            self.braces(&format!("{label} "), &case.body)?;
            if !case.fall_through {
                self.line("break;");
            }
        }
        self.depth -= 1;
        self.line("}");
        Ok(())
    }

    fn barrier(&mut self, flags: Barrier) -> Result<()> {
        if flags.contains(Barrier::TEXTURE) {
            return Err(self.unsupported("textureBarrier"));
        }
        if flags.contains(Barrier::SUB_GROUP) {
            return Err(self.unsupported("subgroupBarrier"));
        }
        // One barrier for both memories: __syncthreads orders shared and global accesses within the block.
        self.line("EP_BARRIER();");
        Ok(())
    }

    fn store(&mut self, pointer: Handle<Expression>, value: Handle<Expression>) -> Result<()> {
        let value = self.value(value)?;
        let place = self.place_of(pointer)?;
        let text = match self.pointee(pointer)? {
            TypeInner::Atomic(_) => format!("ep_atomic_store(&{place}, {value});"),
            _ => format!("{place} = {value};"),
        };
        self.line(&text);
        Ok(())
    }

    fn atomic(
        &mut self,
        pointer: Handle<Expression>,
        fun: AtomicFunction,
        value: Handle<Expression>,
        result: Option<Handle<Expression>>,
    ) -> Result<()> {
        let place = self.place_of(pointer)?;
        let value = self.value(value)?;
        let name = match fun {
            AtomicFunction::Add => "add",
            AtomicFunction::Subtract => "sub",
            AtomicFunction::And => "and",
            AtomicFunction::ExclusiveOr => "xor",
            AtomicFunction::InclusiveOr => "or",
            AtomicFunction::Min => "min",
            AtomicFunction::Max => "max",
            AtomicFunction::Exchange { compare: None } => "exchange",
            AtomicFunction::Exchange { compare: Some(compare) } => {
                let compare = self.value(compare)?;
                let text = format!("ep_atomic_cas(&{place}, {compare}, {value})");
                return self.compare_exchange(&text, &compare, result);
            }
        };
        self.declare_or_drop(result, &format!("ep_atomic_{name}(&{place}, {value})"))
    }

    /// `atomicCompareExchangeWeak`: ours is strong, which the weak one allows. The result is a struct of old value and success.
    fn compare_exchange(&mut self, text: &str, compare: &str, result: Option<Handle<Expression>>) -> Result<()> {
        let Some(result) = result else {
            self.line(&format!("{text};"));
            return Ok(());
        };
        let naga::proc::TypeResolution::Handle(ty) = self.info[result].ty else {
            return Err(self.unsupported("compare-exchange result without a struct"));
        };
        let old = format!("{}_old", names::value(self.fun, result));
        self.line(&format!("const auto {old} = {text};"));
        let parts = [old.clone(), format!("{old} == {compare}")];
        let built = self.w.struct_text(ty, &parts, &self.place)?;
        self.declare(result, &built)
    }

    fn call(&mut self, function: Handle<naga::Function>, arguments: &[Handle<Expression>]) -> Result<String> {
        let mut texts = Vec::new();
        for &argument in arguments {
            texts.push(if self.is_pointer(argument) {
                format!("&{}", self.place_of(argument)?)
            } else {
                self.value(argument)?
            });
        }
        for &global in self.w.globals_of(function) {
            let name = names::global(self.w.module, global);
            if matches!(self.w.module.global_variables[global].space, naga::AddressSpace::Storage { .. }) {
                texts.push(format!("{name}, {name}_len"));
            } else {
                texts.push(name);
            }
        }
        let name = names::function(self.w.module, function);
        Ok(format!("{name}({})", texts.join(", ")))
    }

    /// A local for the result of a statement, or the bare statement.
    fn declare_or_drop(&mut self, result: Option<Handle<Expression>>, text: &str) -> Result<()> {
        match result {
            Some(result) => self.declare(result, text),
            None => {
                self.line(&format!("{text};"));
                Ok(())
            }
        }
    }
}
