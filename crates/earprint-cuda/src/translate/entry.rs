//! The kernel itself: parameters from bindings, shared memory, private variables, built-in values, then the body.

use super::{
    error::{Result, TranslateError},
    functions::FunctionWriter,
    kernel::{BindingInfo, BindingKind, CudaKernel, StorageLayout},
    module::Writer,
    names,
    types::is_const,
};
use naga::{AddressSpace, ArraySize, Binding, BuiltIn, GlobalVariable, Handle, TypeInner};

/// Bytes that CUDA guarantees for kernel parameters on every device.
const MAX_PARAMETER_BYTES: u32 = 4096;

impl Writer<'_> {
    /// Appends the kernel to `out`; the returned kernel has no source yet.
    pub(super) fn write_entry(&self, out: &mut String) -> Result<CudaKernel> {
        let entry = &self.module.entry_points[0];
        let size = entry.workgroup_size;
        let symbol = format!("{}_kernel", names::plain(Some(&entry.name)));
        let (bindings, parameters) = self.parameters()?;

        let mut f =
            FunctionWriter::new(self, &entry.function, self.info.get_entry_point(0), format!("fn {}", entry.name));
        f.line(&format!("EP_KERNEL({}) {symbol}({}) {{", size[0] * size[1] * size[2], parameters.join(", ")));
        f.depth += 1;
        let static_shared_bytes = f.module_variables(size)?;
        f.builtin_arguments(size)?;
        f.write_locals()?;
        f.block(&entry.function.body)?;
        f.depth -= 1;
        f.line("}");
        out.push_str(&f.out);
        Ok(CudaKernel {
            source: String::new(),
            entry: entry.name.clone(),
            symbol,
            workgroup_size: size,
            bindings,
            static_shared_bytes,
            uses_barriers: false,
        })
    }

    /// Bindings in ascending order, and the C++ parameters they become.
    fn parameters(&self) -> Result<(Vec<BindingInfo>, Vec<String>)> {
        let mut globals: Vec<_> =
            self.module.global_variables.iter().filter_map(|(h, global)| Some((global.binding?, h, global))).collect();
        globals.sort_by_key(|(binding, ..)| (binding.group, binding.binding));
        let (mut bindings, mut parameters, mut bytes) = (Vec::new(), Vec::new(), 0u32);
        for (binding, h, global) in globals {
            let name = names::global(self.module, h);
            let kind = match global.space {
                AddressSpace::Uniform => {
                    let size = self.size(global.ty);
                    let ty = self.type_name(global.ty, &format!("var {name}"))?;
                    parameters.push(format!("EP_UNIFORM {ty} {name}"));
                    bytes = bytes.next_multiple_of(16) + size;
                    BindingKind::Uniform { bytes: size }
                }
                AddressSpace::Storage { .. } => {
                    parameters.push(self.global_parameter(h)?);
                    bytes = bytes.next_multiple_of(8) + 16;
                    let layout = self.storage_layout(global);
                    if is_const(global.space) {
                        BindingKind::StorageRead(layout)
                    } else {
                        BindingKind::StorageReadWrite(layout)
                    }
                }
                _ => {
                    // Textures and samplers have bindings too; their type names them.
                    self.type_name(global.ty, &format!("var {name}"))?;
                    return Err(TranslateError::unsupported("a binding that is no buffer", name));
                }
            };
            bindings.push(BindingInfo {
                group: binding.group,
                binding: binding.binding,
                name: global.name.clone().unwrap_or_default(),
                kind,
            });
        }
        if bytes > MAX_PARAMETER_BYTES {
            return Err(TranslateError::ParametersTooLarge { bytes, max: MAX_PARAMETER_BYTES });
        }
        Ok((bindings, parameters))
    }

    fn storage_layout(&self, global: &GlobalVariable) -> StorageLayout {
        let runtime = |ty: Handle<naga::Type>, offset| match self.module.types[ty].inner {
            TypeInner::Array { size: ArraySize::Dynamic, stride, .. } => {
                Some(StorageLayout { header_bytes: offset, element_bytes: stride })
            }
            _ => None,
        };
        let tail = match self.module.types[global.ty].inner {
            TypeInner::Struct { ref members, .. } => {
                members.last().and_then(|member| runtime(member.ty, member.offset))
            }
            _ => runtime(global.ty, 0),
        };
        tail.unwrap_or(StorageLayout { header_bytes: self.size(global.ty), element_bytes: 0 })
    }
}

impl FunctionWriter<'_> {
    /// Workgroup and private variables; returns the bytes of shared memory.
    fn module_variables(&mut self, size: [u32; 3]) -> Result<u32> {
        let mut offset = 0u32;
        let mut shared = Vec::new();
        let module = self.w.module;
        for (h, global) in module.global_variables.iter() {
            let name = names::global(module, h);
            let place = format!("var {name}");
            match global.space {
                AddressSpace::WorkGroup => {
                    let ty = self.w.type_name(global.ty, &place)?;
                    self.line(&format!("EP_SHARED({ty}, {name}, {offset});"));
                    offset = (offset + self.w.size(global.ty)).next_multiple_of(16);
                    shared.push(name);
                }
                AddressSpace::Private => {
                    let ty = self.w.type_name(global.ty, &place)?;
                    let init = match global.init {
                        Some(init) => self.w.constant_text(init, &place)?,
                        None => format!("{ty}{{}}"),
                    };
                    self.line(&format!("{ty} {name} = {init};"));
                }
                // `parameters` has handled these.
                AddressSpace::Uniform | AddressSpace::Storage { .. } | AddressSpace::Handle => {}
                other => {
                    return Err(TranslateError::unsupported(format!("address space {other:?}"), place));
                }
            }
        }
        if self.w.options.zero_workgroup_memory && !shared.is_empty() {
            let threads = size[0] * size[1] * size[2];
            for name in shared {
                self.line(&format!("ep_zero({name}, ep_local_index({}u, {}u), {threads}u);", size[0], size[1]));
            }
            self.line("EP_BARRIER();");
        }
        Ok(offset)
    }

    /// The entry point's arguments, alone or as members of a struct.
    fn builtin_arguments(&mut self, size: [u32; 3]) -> Result<()> {
        let module = self.w.module;
        let fun = self.fun;
        for (index, argument) in fun.arguments.iter().enumerate() {
            let ty = self.w.type_name(argument.ty, &self.place)?;
            let text = match (&argument.binding, &module.types[argument.ty].inner) {
                (Some(binding), _) => self.builtin(binding, size)?,
                (None, TypeInner::Struct { members, .. }) => {
                    let mut parts = Vec::new();
                    for member in members {
                        parts.push(match member.binding {
                            Some(ref binding) => self.builtin(binding, size)?,
                            None => return Err(self.unsupported("entry argument that is no built-in value")),
                        });
                    }
                    self.w.struct_text(argument.ty, &parts, &self.place)?
                }
                _ => return Err(self.unsupported("entry argument that is no built-in value")),
            };
            self.line(&format!("const {ty} {} = {text};", names::argument(fun, index)));
        }
        Ok(())
    }

    fn builtin(&self, binding: &Binding, [x, y, z]: [u32; 3]) -> Result<String> {
        match *binding {
            Binding::BuiltIn(BuiltIn::GlobalInvocationId) => Ok(format!("ep_global_id({x}u, {y}u, {z}u)")),
            Binding::BuiltIn(BuiltIn::LocalInvocationId) => Ok("ep_local_id()".to_owned()),
            Binding::BuiltIn(BuiltIn::LocalInvocationIndex) => Ok(format!("ep_local_index({x}u, {y}u)")),
            Binding::BuiltIn(BuiltIn::WorkGroupId) => Ok("ep_group_id()".to_owned()),
            Binding::BuiltIn(BuiltIn::NumWorkGroups) => Ok("ep_num_groups()".to_owned()),
            Binding::BuiltIn(other) => Err(self.unsupported(format!("built-in value {other:?}"))),
            Binding::Location { .. } => Err(self.unsupported("stage input at a location")),
        }
    }
}
