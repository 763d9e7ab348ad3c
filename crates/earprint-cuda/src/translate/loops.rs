//! Loops. WGSL's `continuing` part runs after the body, also after `continue`, and sees the body's values.
//!
//! Without a `continue` for this loop, body and continuing part are written one after the other. With one, the body gets its own
//! braces and `continue` becomes a jump behind them; values the continuing part needs are then declared ahead of the braces
//! (hoisted), because C++ forbids to jump over an initialisation.

use super::{error::Result, functions::FunctionWriter, names};
use naga::{Block, Expression, Handle, Statement};
use std::collections::HashSet;

/// Calls `f` for every statement in `block`, nested ones included, outer before inner.
pub(super) fn visit<'b>(block: &'b Block, f: &mut impl FnMut(&'b Statement)) {
    for statement in block.iter() {
        f(statement);
        match *statement {
            Statement::Block(ref inner) => visit(inner, f),
            Statement::If { ref accept, ref reject, .. } => {
                visit(accept, f);
                visit(reject, f);
            }
            Statement::Switch { ref cases, .. } => cases.iter().for_each(|case| visit(&case.body, f)),
            Statement::Loop { ref body, ref continuing, .. } => {
                visit(body, f);
                visit(continuing, f);
            }
            _ => {}
        }
    }
}

/// Whether `block` holds a `continue` of the loop it is the body of; inner loops keep theirs.
fn has_continue(block: &Block) -> bool {
    block.iter().any(|statement| match *statement {
        Statement::Continue => true,
        Statement::Block(ref inner) => has_continue(inner),
        Statement::If { ref accept, ref reject, .. } => has_continue(accept) || has_continue(reject),
        Statement::Switch { ref cases, .. } => cases.iter().any(|case| has_continue(&case.body)),
        _ => false,
    })
}

/// The expressions `statement` itself makes available to later ones.
fn results(statement: &Statement, out: &mut HashSet<Handle<Expression>>) {
    match *statement {
        Statement::Emit(ref range) => out.extend(range.clone()),
        Statement::Call { result: Some(h), .. }
        | Statement::Atomic { result: Some(h), .. }
        | Statement::WorkGroupUniformLoad { result: h, .. } => {
            out.insert(h);
        }
        _ => {}
    }
}

impl FunctionWriter<'_> {
    /// A whole loop statement.
    pub(super) fn loop_statement(
        &mut self,
        body: &Block,
        continuing: &Block,
        break_if: Option<Handle<Expression>>,
    ) -> Result<()> {
        self.line("for (;;) {");
        self.depth += 1;
        let jumps = has_continue(body) && !(continuing.is_empty() && break_if.is_none());
        if jumps {
            let label = format!("ep_continuing_{}", self.labels);
            self.labels += 1;
            self.hoist(body)?;
            self.line("{");
            self.depth += 1;
            self.loops.push(Some(label.clone()));
            self.block(body)?;
            self.depth -= 1;
            self.line("}");
            self.line(&format!("{label}:;"));
        } else {
            self.loops.push(None);
            self.block(body)?;
        }
        self.block(continuing)?;
        if let Some(condition) = break_if {
            let condition = self.value(condition)?;
            self.line(&format!("if ({condition}) break;"));
        }
        self.loops.pop();
        self.depth -= 1;
        self.line("}");
        Ok(())
    }

    /// Declares what the body computes at its outermost level: exactly the values the continuing part may see.
    fn hoist(&mut self, body: &Block) -> Result<()> {
        let mut made = HashSet::new();
        body.iter().for_each(|statement| results(statement, &mut made));
        let mut made: Vec<_> = made.into_iter().filter(|&h| self.needs_local(h)).collect();
        made.sort_by_key(|h| h.index());
        for h in made {
            // An enclosing loop may have hoisted it already only if it stood at that loop's outermost level: it does not.
            let ty = self.type_of(h)?;
            self.line(&format!("{ty} {};", names::value(self.fun, h)));
            self.hoisted.insert(h);
        }
        Ok(())
    }
}
